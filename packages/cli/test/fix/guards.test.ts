import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AuditFinding } from '../../src/audit/report.ts'
import { applyEdits, compatible } from '../../src/fix/apply-edits.ts'
import { editable, NotWritten, replaceFile, type EditableFile } from '../../src/fix/editable-file.ts'
import { fixText, propose } from '../../src/fix/fix-text.ts'
import { unifiedPatch } from '../../src/fix/unified-patch.ts'
import { makeFolder } from '../support/run-program.ts'

const finding = (start: number, end: number, text: string): AuditFinding =>
  ({ rule: 'no-named-statement', fix: [{ start, end, text }] }) as unknown as AuditFinding

test('fixes that would not parse leave the text as it was', () => {
  const look = (text: string) => (text === 'f(1)' ? [finding(3, 4, '')] : [])
  expect(fixText('a.ts', 'f(1)', look)).toMatchObject({
    text: 'f(1)',
    applied: [],
    problem: expect.stringMatching(/not parse/),
  })
  // A text that never parsed is not held to it, and SQL is no module.
  expect(fixText('a.sql', 'f(1)', look)).toMatchObject({ text: 'f(1' })
})

test('a name declared twice is as bad as what does not parse', () => {
  const twice = (text: string) => (text.endsWith('b = 2') ? [finding(18, 19, 'a')] : [])
  expect(fixText('a.ts', 'const a = 1\nconst b = 2', twice)).toMatchObject({
    problem: expect.stringMatching(/not parse/),
  })
})

test('fixes that never end are given up', () => {
  const { applied } = fixText('a.ts', 'x', (text) => [finding(0, 0, text.length < 100 ? 'x' : '')])
  expect(applied).toHaveLength(10)
})

test('of changes that overlap the first one is taken', () => {
  const changes = [
    { edits: [{ range: [0, 4] as const, text: 'a' }] },
    {
      edits: [
        { range: [3, 5] as const, text: 'b' },
        { range: [8, 9] as const, text: 'b' },
      ],
    },
    { edits: [{ range: [8, 9] as const, text: 'c' }] },
  ]
  expect(compatible(changes)).toEqual([changes[0], changes[2]])
})

test('proposals that break the file are left away one by one', () => {
  const good = { edits: [{ range: [4, 5] as const, text: '2' }] }
  const bad = { edits: [{ range: [0, 1] as const, text: '(' }] }
  expect(propose('a.ts', 'x = 1', [bad, good])).toEqual({ text: 'x = 2', taken: [good] })
})

function read(path: string): EditableFile {
  const file = editable(path, readFileSync(path))
  if ('refused' in file) throw new Error(file.refused)
  return file
}

test('a file that somebody changed since it was read is not written', () => {
  const folder = makeFolder({ 'a.ts': 'one' })
  const path = join(folder.path, 'a.ts')
  const file = read(path)
  writeFileSync(path, 'two')
  expect(() => replaceFile(file, 'three')).toThrow(NotWritten)
  expect(folder.read('a.ts')).toBe('two')
  expect(readdirSync(folder.path)).toEqual(['a.ts'])
})

test('a sign that the encoding of the file does not have is not lost, but refused', () => {
  const folder = makeFolder({ 'a.ts': Buffer.from('// Größe', 'latin1') })
  const path = join(folder.path, 'a.ts')
  expect(() => replaceFile(read(path), '// Größe 漢')).toThrow(/no sign for the change/)
  expect(readFileSync(path)).toEqual(Buffer.from('// Größe', 'latin1'))
})

test('bytes that are no text of their encoding are refused', () => {
  expect(editable('a.ts', Buffer.from([0xff, 0xfe, 0x00, 0xd8]))).toMatchObject({ refused: expect.any(String) })
})

test('whatever two texts differ in, git applies the patch', () => {
  const folder = makeFolder()
  execFileSync('git', ['init', '-q'], { cwd: folder.path })
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '', '\u00e9 \\ "', '--- x', '@@ -1 +1 @@', '\ttab', 'carriage\r'), {
      maxLength: 30,
    })
    .chain((lines) => fc.boolean().map((ends) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : '')))
  fc.assert(
    fc.property(
      text,
      text,
      fc.constantFrom('a.ts', 'b c.ts', 'd"e.ts', 'f\\g.ts', '\u00e9.ts'),
      (before, after, name) => {
        const patch = unifiedPatch({ name, before, after, remarks: ['a remark'] })
        if (before === after) return patch === ''
        // A patch from nothing or to nothing would make or remove the file.
        if (before === '' || after === '') return true
        folder.write(name, before)
        execFileSync('git', ['apply', '--whitespace=nowarn'], {
          cwd: folder.path,
          input: patch,
          stdio: ['pipe', 'ignore', 'ignore'],
        })
        return folder.read(name) === after
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

test('edits are made at their places, whatever their order', () => {
  expect(
    applyEdits('abcdef', [
      { range: [4, 5], text: 'X' },
      { range: [0, 1], text: '' },
      { range: [2, 2], text: '-' },
    ]),
  ).toBe('b-cdXf')
})
