import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { mutations } from './mutations.ts'

const workspace = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(workspace, file), 'utf8')

/** A row of docs/acceptance.md. */
interface Row {
  readonly number: number
  readonly files: readonly { readonly file: string; readonly names: readonly string[] }[]
  readonly guards: readonly string[]
}

const rows: readonly Row[] = [
  ...read('docs/acceptance.md').matchAll(/^\| +(\d+) +\| [^|]* \| ([^|]*) \| ([^|]*)\|$/gm),
].map(([, number, tests = '', guards = '']) => ({
  number: Number(number),
  files: tests.split(';').flatMap((cell) => {
    const file = /`([^`]+)`/.exec(cell)?.[1]
    return file === undefined ? [] : [{ file, names: [...cell.matchAll(/“([^”]+)”/g)].map(([, name = '']) => name) }]
  }),
  guards: [...guards.matchAll(/`([^`]+)`/g)].map(([, id = '']) => id),
}))

test('docs/acceptance.md has the thirty-five numbers, each with its tests', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 35 }, (_, at) => at + 1))
  expect(rows.filter(({ files }) => files.length === 0)).toEqual([])
})

test.each(rows)('($number): its files and the tests that it names are there', ({ files }) => {
  for (const { file, names } of files) {
    const source = read(file)
    for (const name of names) expect(source, `${file}: ${name}`).toMatch(new RegExp(`['\`]${escape(name)}`))
  }
})

test.each(rows)('($number): taking a guard of its row out runs a test of its row', (row) => {
  expect(row.guards).not.toEqual([])
  const guards = row.guards.map((id) => {
    const guard = mutations.find((one) => one.id === id)
    if (!guard) throw new Error(`There is no guard '${id}'.`)
    return guard
  })
  const files = row.files.map(({ file }) => file)
  const isOf = (file: string, tests: readonly string[]): boolean => tests.some((one) => file.startsWith(one))
  for (const { id, tests } of guards)
    expect(
      files.some((file) => isOf(file, tests)),
      id,
    ).toBe(true)
})

test('every file that has numbered tests stands in the table', () => {
  const listed = new Set(rows.flatMap(({ files, number }) => files.map(({ file }) => `${number} ${file}`)))
  for (const { file } of rows.flatMap(({ files }) => files)) {
    expect(existsSync(join(workspace, file)), file).toBe(true)
    for (const [, number] of read(file).matchAll(/(?:test|describe)\(['`]\((\d+)\) /g)) {
      expect(listed.has(`${number} ${file}`), `(${number}) in ${file}`).toBe(true)
    }
  }
})

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
