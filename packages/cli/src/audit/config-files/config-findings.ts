import {
  checkConfig,
  describeEndpoint,
  hazard,
  type ConfigDriver,
  type ConfigFinding,
  type HazardId,
} from '@pooler-safe/hazards'
import type { RuleName } from 'eslint-plugin-pooler-safe/analysis'
import type { AuditedFile } from '../collected.ts'
import { levelOf, type Preset } from '../levels.ts'
import type { Positions } from '../positions.ts'
import { identityOf } from '../present-finding.ts'
import type { AuditEndpoint, AuditFinding } from '../report.ts'

/** A connection URL or an object of options that stands in a file. */
export interface FoundConfig {
  /** The variable or option that holds it. */
  readonly name: string
  readonly value: string | Readonly<Record<string, unknown>>
  readonly range: readonly [number, number]
  readonly driver: ConfigDriver
  /** Where single options stand, by name. */
  readonly keys?: ReadonlyMap<string, readonly [number, number]>
}

export interface ConfigFile {
  readonly file: AuditedFile
  readonly source: string
  readonly positions: Positions
  readonly preset: Preset
}

/** Names of what leads past the pooler: for migrations, LISTEN and dumps. */
export const forSessions = /direct|migrat|unpooled|non_?pool|admin|shadow/i

/** What is wrong with a connection behind a transaction-mode pooler, at its place. */
export function configFindings(
  { name, value, range, driver, keys }: FoundConfig,
  { file, positions, preset }: ConfigFile,
): readonly AuditFinding[] {
  const purpose = forSessions.test(name) ? 'session' : 'application'
  const found = checkConfig(value, { driver, purpose })
    // What is missing from an object cannot be pointed at, and most of these objects are not all of the options.
    .filter(
      ({ key, where }) => where === 'url' || typeof value === 'string' || key in value || key === 'connectionString',
    )
  return found.flatMap((finding) => {
    const rule = ruleOf(finding)
    const level = levelOf({ rule }, preset, false)
    if (level === undefined) return []
    const place = positions.place(file.name, keys?.get(finding.key) ?? range)
    const message = `\`${name}\`: ${finding.message}`
    return [
      {
        rule,
        hazard: finding.hazard,
        severity: finding.severity,
        level,
        message,
        subject: finding.key,
        certain: finding.certainty !== 'inferred',
        package: file.package,
        ...place,
        excerpt: hideSecrets(positions.excerpt(place)),
        identity: identityOf(rule, `${name} ${finding.key} ${finding.hazard}`, ''),
      },
    ]
  })
}

/** A finding that is not about a single connection. */
export function placedFinding(
  { hazard: id, subject, message, range }: PlacedFinding,
  { file, positions, preset }: ConfigFile,
): readonly AuditFinding[] {
  const rule = 'require-pooler-config'
  const level = levelOf({ rule }, preset, false)
  if (level === undefined) return []
  const place = positions.place(file.name, range)
  return [
    {
      rule,
      hazard: id,
      severity: hazard(id).severity,
      level,
      message,
      subject,
      certain: true,
      package: file.package,
      ...place,
      excerpt: hideSecrets(positions.excerpt(place)),
      identity: identityOf(rule, `${subject} ${id}`, ''),
    },
  ]
}

export interface PlacedFinding {
  readonly hazard: HazardId
  readonly subject: string
  readonly message: string
  readonly range: readonly [number, number]
}

function ruleOf({ hazard: id }: ConfigFinding): RuleName {
  return /^(?:startup-param|search-path|client-encoding)/.test(id) ? 'no-startup-parameters' : 'require-pooler-config'
}

/** Even an example may hold a real password. Everything keeps its place: only letters are replaced. */
function hideSecrets(excerpt: AuditFinding['excerpt']): AuditFinding['excerpt'] {
  const text = excerpt.text.replace(
    /(:\/\/[^:/?#\s'"]*:)([^\s'"]*)(@)/g,
    (_match, before: string, secret: string, after: string) => before + '*'.repeat(secret.length) + after,
  )
  return { ...excerpt, text }
}

/** Where an address leads, as far as it tells. */
export function endpointOf(
  { name, value, range }: FoundConfig,
  { file, positions }: ConfigFile,
): readonly AuditEndpoint[] {
  const url = typeof value === 'string' ? value : (value['connectionString'] ?? value['url'])
  if (typeof url !== 'string' || !/^postgres(?:ql)?:/.test(url)) return []
  const { expectedMode, provider, pooler } = describeEndpoint(url)
  return [
    {
      ...positions.place(file.name, range),
      package: file.package,
      name,
      mode: expectedMode,
      ...(provider && { provider }),
      ...(pooler && { pooler }),
    },
  ]
}
