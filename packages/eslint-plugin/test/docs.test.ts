import { readFileSync } from 'node:fs'
import * as parser from '@typescript-eslint/parser'
import { Linter } from 'eslint'
import { describe, expect, test } from 'vitest'
import { ruleNames } from '../src/analysis/finding.ts'
import plugin from '../src/index.ts'
import { generatedFiles } from '../scripts/rule-pages.ts'
import { ruleTexts } from '../scripts/rule-texts.ts'

test('the pages and the preset of oxlint are what the rules say', () => {
  for (const [path, text] of generatedFiles()) {
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'), path).toBe(text)
  }
})

describe.each(ruleNames)('the page of %s', (name) => {
  const found = (code: string): boolean =>
    new Linter()
      .verify(
        code,
        [
          plugin.configs.strict,
          { languageOptions: { parser: parser }, settings: { 'pooler-safe': { wrapper: ['@acme/db'] } } },
        ],
        'example.ts',
      )
      .some(({ ruleId }) => ruleId === `pooler-safe/${name}`)

  test.each(ruleTexts[name].bad)('what it calls bad is reported: %s', (code) => {
    expect(found(code)).toBe(true)
  })

  test.each(ruleTexts[name].good)('what it calls good is not: %s', (code) => {
    expect(found(code)).toBe(false)
  })
})
