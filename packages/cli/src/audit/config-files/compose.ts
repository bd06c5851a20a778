import type { AuditEndpoint, AuditFinding } from '../report.ts'
import { endpointOf, forSessions, placedFinding, type ConfigFile, type FoundConfig } from './config-findings.ts'

export interface ReadCompose {
  readonly endpoints: readonly AuditEndpoint[]
  readonly findings: readonly AuditFinding[]
}

/** A service that is a pooler. */
interface PoolerService {
  readonly name: string
  readonly mode: string
  readonly pooler: string
  readonly range: readonly [number, number]
}

/** PgBouncer's images, and the variables of Supavisor in Supabase's own compose file. */
const poolMode =
  /\b(PGBOUNCER_POOL_MODE|POOLER_POOL_MODE|POOL_MODE)["']?[ \t]*[:=][ \t]*["']?(session|transaction|statement)\b/i

/**
 * The poolers among the services of a compose file, and where the addresses in it lead: the name of a service is a host.
 * `configs` are the addresses.
 */
export function readPoolers(configs: readonly FoundConfig[], context: ConfigFile): ReadCompose {
  const { file, positions } = context
  const services = poolersIn(context.source)
  const endpoints = services.map(({ mode, pooler, range }) => ({
    ...positions.place(file.name, range),
    package: file.package,
    name: 'POOL_MODE',
    mode,
    pooler,
  }))
  const statementMode = services.filter(({ mode }) => mode === 'statement')
  const leading = configs.map((config) => ({
    config,
    service: services.find(({ name }) => name === hostOf(config.value)),
  }))
  const findings = [
    ...statementMode.flatMap(({ range }) =>
      placedFinding(
        {
          hazard: 'statement-mode',
          subject: 'POOL_MODE',
          message: '`POOL_MODE`: in statement mode there are no transactions of several statements. Use `transaction`.',
          range,
        },
        context,
      ),
    ),
    ...leading.flatMap(({ config, service }) =>
      service?.mode === 'transaction' && forSessions.test(config.name)
        ? placedFinding(
            {
              hazard: 'wrong-port',
              subject: config.name,
              message: `\`${config.name}\`: \`${service.name}\` is in transaction mode; migrations, LISTEN and session locks need the database itself.`,
              range: config.range,
            },
            context,
          )
        : [],
    ),
  ]
  const addresses = leading.flatMap(({ config, service }) =>
    endpointOf(config, context).map((endpoint) =>
      service ? { ...endpoint, mode: service.mode, pooler: service.pooler } : endpoint,
    ),
  )
  return { endpoints: [...addresses, ...endpoints], findings }
}

/** Service by service, by indentation: the names below `services:`, and what stands below each. */
function poolersIn(source: string): readonly PoolerService[] {
  const found: PoolerService[] = []
  const top = /^services:[ \t]*\r?$/m.exec(source)
  let indent: string | undefined
  let name = ''
  let offset = 0
  for (const line of source.split(/(?<=\n)/)) {
    const start = offset
    offset += line.length
    const key = /^([ \t]+)["']?([\w.-]+)["']?:[ \t]*\r?\n?$/.exec(line)
    if (top && start > top.index && key) {
      indent ??= key[1]
      if (key[1] === indent) name = key[2] ?? ''
    }
    if (/^[ \t]*#/.test(line)) continue
    const mode = poolMode.exec(line)
    if (!mode) continue
    const [whole, variable = '', value = ''] = mode
    const at = start + mode.index
    const pooler = variable.toUpperCase() === 'POOLER_POOL_MODE' ? 'supavisor' : 'pgbouncer'
    found.push({ name, mode: value.toLowerCase(), pooler, range: [at, at + whole.length] })
  }
  return found
}

function hostOf(value: FoundConfig['value']): string | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value).hostname : undefined
}
