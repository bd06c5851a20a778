import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as parser from '@typescript-eslint/parser'
import { ESLint, type Linter } from 'eslint'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

const folder = new URL('../fixtures/', import.meta.url)

async function lint(name: 'raw' | 'safe'): Promise<Map<string, readonly Linter.LintMessage[]>> {
  const eslint = new ESLint({
    cwd: fileURLToPath(folder),
    overrideConfigFile: true,
    overrideConfig: [plugin.configs.recommended, { languageOptions: { parser: parser } }],
  })
  const results = await eslint.lintFiles([`${name}/*.ts`])
  return new Map(results.map((result) => [result.filePath.replace(/^.*\//, ''), result.messages]))
}

test('every raw execute of the five services is found, at its line', async () => {
  const found = await lint('raw')
  const expected: string[] = []
  const reported: string[] = []
  for (const file of readdirSync(new URL('raw/', folder))) {
    const lines = readFileSync(new URL(`raw/${file}`, folder), 'utf8').split('\n')
    lines.forEach((line, index) => {
      if (line.endsWith('// raw')) expected.push(`${file}:${String(index + 1)}`)
    })
    for (const { line, ruleId, severity } of found.get(file) ?? []) {
      if (ruleId === 'pooler-safe/no-raw-execute' && severity === 2) reported.push(`${file}:${String(line)}`)
    }
  }
  expect(expected).toHaveLength(6)
  expect(reported.sort()).toEqual(expected.sort())
})

test('the name of the prepared statement is found as well', async () => {
  const messages = (await lint('raw')).get('batch-processor.ts') ?? []
  expect(messages.map(({ line, ruleId }) => [ruleId, line])).toContainEqual(['pooler-safe/no-named-statement', 10])
})

test('nothing is said about the same services on the safe session', async () => {
  const found = await lint('safe')
  expect(found.size).toBe(6)
  expect([...found].flatMap(([file, messages]) => messages.map(({ message }) => `${file}: ${message}`))).toEqual([])
})
