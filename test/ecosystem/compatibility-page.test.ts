import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { describe, expect, test } from 'vitest'
import { compatibilityPage } from './compatibility-page.ts'
import { probes } from './probes.ts'
import { versionsOf, type LibraryRecord } from './record.ts'

const folder = import.meta.dirname
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')

describe('docs/compatibility.md', () => {
  const records = JSON.parse(read('records.json')) as LibraryRecord[]

  test('speaks of every library of the suite', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'))
    const names = files.flatMap((file) => /testLibrary(?:<\w+>)?\(\{\s*name: '([^']+)'/.exec(read(file))?.[1] ?? [])
    expect(names).toHaveLength(files.length - 1)
    expect(records.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
  })

  test('was written from the versions that are installed', () => {
    for (const { packages, versions } of records) expect(versions).toEqual(versionsOf(packages))
  })

  test('shows what the records say', async () => {
    const file = join(folder, '../../docs/compatibility.md')
    const page = await format(compatibilityPage(records), { ...(await resolveConfig(file)), filepath: file })
    expect(readFileSync(file, 'utf8')).toBe(page)
  })

  test.each(records)(
    'I11: $name holds every probe it has, through both poolers, and leaves clean backends',
    (record) => {
      const expected = probes.filter(({ part }) => !part || record.without?.[part] === undefined).map(({ id }) => id)
      for (const setting of ['rotating', 'pgbouncer'] as const) {
        const facts = Object.fromEntries([...expected, 'clean'].map((id) => [id, 'holds']))
        expect(record.outcomes[setting]).toEqual(facts)
      }
    },
  )
})
