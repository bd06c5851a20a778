import { describe, expect, test } from 'vitest'
import { catalogue, hazard, hazardDocsUrl } from '../src/catalogue/catalogue.ts'
import type { Alternative, Hazard } from '../src/catalogue/entry.ts'
import { hazardGroups, hazardIds, type HazardId } from '../src/hazard.ts'
import { classifySql } from '../src/sql/classify.ts'
import { sqlSeverities } from '../src/sql/table.ts'

const hazardsIn = (sql: string, { context }: Alternative): readonly string[] =>
  classifySql(sql, context).map((finding) => finding.hazard)

test('the catalogue has an entry for every hazard, once, in the order of the codes', () => {
  expect(catalogue.map(({ code, id }) => [code, id])).toEqual(Object.entries(hazardIds))
  expect(new Set(catalogue.map(({ title }) => title)).size).toBe(catalogue.length)
})

test('hazard finds an entry by its id and refuses ids that do not exist', () => {
  for (const id of Object.values(hazardIds)) expect(hazard(id).id).toBe(id)
  expect(() => hazard('no-such-hazard' as HazardId)).toThrow(RangeError)
})

test('the page of a hazard is named after its id', () => {
  expect(hazardDocsUrl('listen')).toBe('docs/hazards/listen.md')
})

test('the catalogue and the SQL classifier agree on severities', () => {
  const ofSql = Object.keys(sqlSeverities) as (keyof typeof sqlSeverities)[]
  const said = Object.fromEntries(ofSql.map((id) => [id, hazard(id).severity]))
  expect(said).toEqual(sqlSeverities)
})

test('what the SQL classifier can report is marked as visible in SQL text, and nothing else is', () => {
  const marked = catalogue.filter(({ detectedBy }) => detectedBy.includes('sql-text')).map(({ id }) => id)
  expect(new Set(marked)).toEqual(new Set([...Object.keys(sqlSeverities), 'set-in-committed-tx']))
})

describe.each(catalogue.map((entry) => [entry.id, entry] as const))('%s', (_id, entry: Hazard) => {
  test('has its group, a summary, behaviour, evidence, detectors and alternatives', () => {
    expect(Object.keys(hazardGroups)).toContain(entry.group)
    expect(entry.code.startsWith(entry.group)).toBe(true)
    expect(entry.title).toMatch(/^\S.*[^.\s]$/)
    expect(entry.summary).toMatch(/^\S.{30,}\.$/)
    expect(entry.behaviour.length).toBeGreaterThan(0)
    expect(entry.evidence.length).toBeGreaterThan(0)
    expect(entry.detectedBy.length).toBeGreaterThan(0)
    expect(new Set(entry.detectedBy).size).toBe(entry.detectedBy.length)
    for (const reference of entry.evidence) expect(reference).toMatch(/\S/)
  })

  test('has symptoms whose patterns compile and match no empty text', () => {
    for (const { pattern, sqlState } of entry.symptoms) {
      expect(new RegExp(pattern).test('')).toBe(false)
      if (sqlState !== undefined) expect(sqlState).toMatch(/^[0-9A-Z]{5}$/)
    }
  })

  test('says what was measured of named versions only, or of every pooler', () => {
    for (const { pooler, versions, evidence } of entry.behaviour) {
      if (evidence === 'measured' && pooler !== 'any') expect(versions).toMatch(/\d/)
    }
  })

  test('has notes that are instructions in whole sentences', () => {
    for (const { note } of entry.alternatives) expect(note).toMatch(/^[A-Z].*\.$/)
  })

  const ofSql = entry.detectedBy.includes('sql-text')
    ? entry.alternatives.filter(({ language }) => language === 'sql')
    : []
  if (!entry.detectedBy.includes('sql-text')) return

  test('shows SQL that the classifier reports', () => {
    const bad = ofSql.filter((alternative) => alternative.bad !== undefined)
    expect(bad.length).toBeGreaterThan(0)
    for (const alternative of bad) expect(hazardsIn(alternative.bad ?? '', alternative)).toContain(entry.id)
  })

  test('recommends SQL that the classifier does not refuse', () => {
    for (const alternative of ofSql) {
      if (alternative.good === undefined) continue
      expect(hazardsIn(alternative.good, alternative)).not.toContain(entry.id)
      expect(classifySql(alternative.good, alternative.context).filter(({ refuse }) => refuse)).toEqual([])
    }
  })
})
