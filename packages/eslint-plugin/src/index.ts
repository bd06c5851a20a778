import type { ESLint, Linter } from 'eslint'
import { createConfigs } from './configs.ts'
import { rules } from './rules.ts'
import { sqlLanguage } from './sql-language.ts'

/** The names of the presets. */
type PresetName = 'recommended' | 'recommended-type-checked' | 'strict' | 'strict-type-checked' | 'sql' | 'migrations'

/** The plugin: rules, the language for files of SQL, presets. */
interface PoolerSafePlugin extends Omit<ESLint.Plugin, 'configs'> {
  readonly configs: Readonly<Record<PresetName, Linter.Config>>
}

const plugin: PoolerSafePlugin = {
  meta: { name: 'eslint-plugin-pooler-safe', version: '0.1.0', namespace: 'pooler-safe' },
  rules: { ...rules },
  languages: { sql: sqlLanguage as unknown as NonNullable<ESLint.Plugin['languages']>[string] },
  configs: createConfigs(() => ({ 'pooler-safe': plugin })),
}

export default plugin
