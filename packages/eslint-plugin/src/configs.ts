import type { Linter } from 'eslint'
import type { RuleName } from './analysis/finding.ts'

type Levels = Readonly<Partial<Record<RuleName, Linter.RuleEntry>>>

/** What breaks, leaks or loses data. */
const recommended: Levels = {
  'no-client-only-timeout': 'warn',
  'no-connect-hook-state': 'error',
  'no-hazard-in-body': 'warn',
  'no-idle-in-tx': 'warn',
  'no-listen': 'error',
  'no-named-statement': 'error',
  'no-parallel-in-tx': 'warn',
  'no-pool-transaction': 'error',
  'no-query-outside-tx': 'error',
  // Silent until a wrapper is configured or `pooler-safe` is a dependency.
  'no-raw-execute': 'error',
  'no-reset-in-finally': 'warn',
  'no-session-lock': 'error',
  'no-session-object': 'error',
  'no-session-state': 'error',
  'no-startup-parameters': 'warn',
  'no-unscoped-local': 'error',
  'require-directive': 'error',
  'require-pool-error-handler': 'warn',
  'require-pooler-config': 'warn',
}

/** And what nobody can judge, or what holds only by care. */
const strict: Levels = {
  ...(Object.fromEntries(Object.keys(recommended).map((name) => [name, 'error'])) as Levels),
  'no-hazard-in-body': ['error', { dynamic: true }],
  'no-unresolved-sql': 'warn',
  'require-commit-check': 'error',
}

const sql: Levels = {
  'no-hazard-in-body': 'warn',
  'no-listen': 'error',
  'no-named-statement': 'error',
  'no-pool-transaction': 'error',
  'no-session-lock': 'error',
  'no-session-object': 'error',
  'no-session-state': 'error',
  'no-unscoped-local': 'error',
}

/** Migrations run alone and, as they have to, on the database's own URL: there session state is nobody else's. */
const migrations: Levels = {
  'no-connect-hook-state': 'off',
  'no-hazard-in-body': 'error',
  'no-raw-execute': 'off',
  'no-session-lock': 'off',
  'no-session-object': 'off',
  'no-session-state': 'off',
}

function prefixed(levels: Levels): Linter.RulesRecord {
  return Object.fromEntries(Object.entries(levels).map(([name, level]) => [`pooler-safe/${name}`, level]))
}

const code = ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}']
const typed: Linter.LanguageOptions = { parserOptions: { projectService: true } }

/** The presets. `plugins` needs the plugin itself, which is not complete yet when they are made. */
export function createConfigs(plugins: () => NonNullable<Linter.Config['plugins']>) {
  const config = (name: string, rest: Linter.Config): Linter.Config => ({
    name: `pooler-safe/${name}`,
    get plugins() {
      return plugins()
    },
    ...rest,
  })
  return {
    recommended: config('recommended', { files: code, rules: prefixed(recommended) }),
    'recommended-type-checked': config('recommended-type-checked', {
      files: code,
      languageOptions: typed,
      rules: prefixed(recommended),
    }),
    strict: config('strict', { files: code, rules: prefixed(strict) }),
    'strict-type-checked': config('strict-type-checked', {
      files: code,
      languageOptions: typed,
      rules: prefixed(strict),
    }),
    sql: config('sql', { files: ['**/*.sql'], language: 'pooler-safe/sql', rules: prefixed(sql) }),
    migrations: config('migrations', {
      files: ['**/migrations/**', '**/migrate/**'],
      rules: prefixed(migrations),
    }),
  }
}

/** The preset as a configuration of oxlint. */
export function oxlintConfig(): { readonly jsPlugins: readonly string[]; readonly rules: Linter.RulesRecord } {
  return { jsPlugins: ['eslint-plugin-pooler-safe'], rules: prefixed(recommended) }
}
