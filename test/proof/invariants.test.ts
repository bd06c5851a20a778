import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { mutations } from './mutations.ts'

const workspace = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(workspace, file), 'utf8')

/** What the table in docs/architecture.md claims about one invariant. */
interface Row {
  readonly invariant: string
  readonly files: readonly string[]
  readonly mutations: readonly string[]
}

/** The table leaves out what all test files of the wrapper have in common. */
const testFile = (name: string): string => {
  const own = `packages/pooler-safe/test/${name}.test.ts`
  return existsSync(join(workspace, own)) ? own : `test/${name}.test.ts`
}

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '')

const rows: readonly Row[] = [...read('docs/architecture.md').matchAll(/^\| +(I\d+) +\| (.*?) \| (.*?) \|$/gm)].flatMap(
  ([, invariant = '', files = '', ids = '']) => {
    const row = { invariant, files: quoted(files).map(testFile), mutations: quoted(ids) }
    return row.files.length === 0 ? [] : [row]
  },
)

test('docs/architecture.md says of each invariant of the wrapper which tests hold it', () => {
  expect(rows.map(({ invariant }) => invariant)).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I11'])
})

test.each(rows)('$invariant: each file of its row has a test that names it', ({ invariant, files }) => {
  for (const file of files) expect(read(file), file).toMatch(new RegExp(`['\`]${invariant}: `))
})

test.each(rows)('$invariant: the mutations of its row are those that break it, at least one', (row) => {
  const breaking = mutations.filter(({ invariants }) => invariants.includes(row.invariant)).map(({ id }) => id)
  expect(row.mutations.toSorted()).toEqual(breaking.toSorted())
  expect(breaking).not.toEqual([])
})

test('every mutation can be applied: its anchor stands exactly once, and its tests exist', () => {
  expect(new Set(mutations.map(({ id }) => id)).size).toBe(mutations.length)
  for (const { id, file, anchor, replacement, tests } of mutations) {
    expect(read(file).split(anchor).length - 1, `${id}: occurrences of its anchor`).toBe(1)
    expect(replacement, id).not.toBe(anchor)
    for (const one of tests) expect(existsSync(join(workspace, one)), `${id}: ${one}`).toBe(true)
  }
})
