import type { Finding, RuleName } from 'eslint-plugin-pooler-safe/analysis'

export type Preset = 'recommended' | 'strict'
export type Level = 'error' | 'warning'

/** The levels of the plugin's presets of the same names; a test holds the two against each other. */
const warnings: ReadonlySet<RuleName> = new Set<RuleName>([
  'no-client-only-timeout',
  'no-hazard-in-body',
  'no-idle-in-tx',
  'no-parallel-in-tx',
  'no-reset-in-finally',
  'no-startup-parameters',
  'require-pool-error-handler',
  'require-pooler-config',
])

const onlyStrict: ReadonlySet<RuleName> = new Set<RuleName>(['no-unresolved-sql', 'require-commit-check'])

/** In files of SQL only rules about SQL speak. */
const sqlRules: ReadonlySet<RuleName> = new Set<RuleName>([
  'no-hazard-in-body',
  'no-listen',
  'no-named-statement',
  'no-pool-transaction',
  'no-session-lock',
  'no-session-object',
  'no-session-state',
  'no-unscoped-local',
])

/** How bad a finding is under a preset; nothing when the preset does not want it. */
export function levelOf(
  { rule, variant }: Pick<Finding, 'rule' | 'variant'>,
  preset: Preset,
  isScript: boolean,
): Level | undefined {
  if (isScript && !sqlRules.has(rule)) return undefined
  if (preset === 'strict' && !isScript) return rule === 'no-unresolved-sql' ? 'warning' : 'error'
  if (onlyStrict.has(rule)) return undefined
  if (rule === 'no-hazard-in-body' && variant === 'dynamic' && preset !== 'strict') return undefined
  return warnings.has(rule) ? 'warning' : 'error'
}
