import { expect } from 'vitest'
import { checkConfig, type ConfigProfile } from '../../src/index.ts'

type Config = Parameters<typeof checkConfig>[0]

/** The findings as `hazard key where`. */
export function said(config: Config, profile?: ConfigProfile): string[] {
  return checkConfig(config, profile).map(({ hazard, key, where }) => `${hazard} ${key} ${where}`)
}

/** Options that a pool wants set, so that only what is added to them is reported. */
export function pool(more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { keepAlive: true, connectionTimeoutMillis: 5_000, ...more }
}

/** Expects one finding and gives it. */
export function only(config: Config, profile?: ConfigProfile) {
  const findings = checkConfig(config, profile)
  expect(findings).toHaveLength(1)
  const [finding] = findings
  if (!finding) throw new Error('There is no finding.')
  return finding
}
