import { fileURLToPath } from 'node:url'
import * as parser from '@typescript-eslint/parser'
import { ESLint } from 'eslint'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

const folder = new URL('../fixtures/typed/', import.meta.url)

async function linesOf(preset: 'recommended' | 'recommended-type-checked'): Promise<readonly number[]> {
  const eslint = new ESLint({
    cwd: fileURLToPath(folder),
    overrideConfigFile: true,
    overrideConfig: [
      { languageOptions: { parser, parserOptions: { tsconfigRootDir: fileURLToPath(folder) } } },
      plugin.configs[preset],
    ],
  })
  const [result] = await eslint.lintFiles(['statements.ts'])
  return (result?.messages ?? [])
    .filter(({ ruleId }) => ruleId === 'pooler-safe/no-pool-transaction')
    .map(({ line }) => line)
}

test('types say what objects of other files are: unions, subclasses and picked methods of a pool, and not a client', async () => {
  expect(await linesOf('recommended-type-checked')).toEqual([3, 4, 5])
})

test('without types nothing is said about them', async () => {
  expect(await linesOf('recommended')).toEqual([])
})
