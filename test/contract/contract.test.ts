import { useTestDatabase } from '@pooler-safe/tests/support'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { differences, expected, measured, measuredAs } from './measured.ts'
import { contractPage, pageFile, tableOf } from './page.ts'
import { probes } from './probes.ts'
import { imitations, put, subjects } from './subjects.ts'

const database = useTestDatabase()

/** What was answered in this run, for the page. */
const answers = new Map<string, Map<string, string>>()

describe.each(probes.map((probe) => ({ probe, name: probe.name })))('$name', ({ probe }) => {
  test.for(subjects)('%s', async (subject) => {
    const answer = await put(probe, subject, database.directUrl)
    const row = answers.get(probe.name) ?? new Map<string, string>()
    answers.set(probe.name, row.set(subject, answer))
    const wanted = expected(probe.name, subject)
    const isListed = differences.some((one) => one.probe === probe.name && one.profile === subject)
    if (isListed) expect(answer).not.toBe(wanted)
    else if (wanted !== undefined) expect(answer).toBe(wanted)
  })
})

test('every probe has measured answers, and every measured answer a probe', () => {
  expect(Object.keys(measured).sort()).toEqual(probes.map(({ name }) => name).sort())
})

test('every measured answer says by which experiment', () => {
  const isAnswered = ([, answers]: [string, object]): boolean => Object.keys(answers).length > 0
  const answered = Object.entries(measured).filter(isAnswered)
  expect(Object.keys(measuredAs).sort()).toEqual(answered.map(([name]) => name).sort())
})

test('the page shows what was answered', () => {
  expect(existsSync(pageFile)).toBe(true)
  const page = readFileSync(pageFile, 'utf8')
  // Without PgBouncer its column cannot be compared.
  if (subjects.length > imitations.length) expect(page).toBe(contractPage(answers))
  else for (const row of tableOf(answers)) expect(page).toContain(row.slice(0, row.indexOf('|', 2)))
})
