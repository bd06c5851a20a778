import * as parser from '@typescript-eslint/parser'
import { RuleTester } from 'eslint'
import { afterAll, describe, it } from 'vitest'

Object.assign(RuleTester, { afterAll, describe, it, itOnly: it.only })

/** ESLint's own tester, for TypeScript without types. */
export const ruleTester = new RuleTester({
  languageOptions: { parser: parser, sourceType: 'module', ecmaVersion: 2024 },
})

/** A project whose safe session comes from `./db/session` and `@acme/db`. */
export const withWrapper = { settings: { 'pooler-safe': { wrapper: ['@acme/db', '**/db/session', '**/src/db/**'] } } }

export const pool = `import { Pool } from 'pg'\nconst pool = new Pool()\n`
