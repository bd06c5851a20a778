import type { ConfigDriver } from '@pooler-safe/hazards'
import { nothing, type FileResult } from '../collected.ts'
import type { PackageFacts } from '../packages.ts'
import { configFindings, endpointOf, type ConfigFile, type FoundConfig } from './config-findings.ts'
import type { ConfigKind } from './config-kind.ts'
import { optionsInCode, optionsInJson } from './static-options.ts'

/** Finds connections in a configuration file, and what is wrong with them. */
export function readConfig(kind: ConfigKind, file: ConfigFile, facts: PackageFacts): FileResult {
  const driver = driverOf(kind, facts)
  const read = readers[kind](file, driver)
  const found = Array.isArray(read) ? { configs: read as readonly FoundConfig[], notes: [] } : (read as Read)
  return {
    ...nothing,
    findings: found.configs.flatMap((config) => {
      const { value } = config
      return configFindings(
        typeof value === 'string' ? { ...config, driver: driverOfUrl(value, config.driver, facts) } : config,
        file,
      )
    }),
    endpoints: [...found.configs.flatMap((config) => endpointOf(config, file)), ...(found.endpoints ?? [])],
    notes: found.notes,
  }
}

interface Read extends Pick<FileResult, 'notes'> {
  readonly configs: readonly FoundConfig[]
  readonly endpoints?: FileResult['endpoints']
}

type Reader = (file: ConfigFile, driver: ConfigDriver) => readonly FoundConfig[] | Read

/** Parameters that Prisma alone knows: whose package it is does not matter. */
const prismaOnly = /[?&](?:schema|pgbouncer|connection_limit|pool_timeout|socket_timeout)=/

/** The driver that an address is for: in a monorepo the package that reads it may be another one. */
function driverOfUrl(url: string, driver: ConfigDriver, { dependencies }: PackageFacts): ConfigDriver {
  const isForPg = dependencies.has('pg') && !dependencies.has('prisma') && !dependencies.has('@prisma/client')
  return driver === 'pg' && !isForPg && prismaOnly.test(url) ? 'prisma' : driver
}

function driverOf(kind: ConfigKind, { dependencies }: PackageFacts): ConfigDriver {
  if (kind === 'prisma') return 'prisma'
  const has = (name: string): boolean => dependencies.has(name)
  if (has('pg') || has('pooler-safe')) return 'pg'
  if (has('postgres')) return 'postgres.js'
  return has('prisma') || has('@prisma/client') ? 'prisma' : 'pg'
}

/** `NAME=postgres://…`, with or without quotes, `export` and a comment mark before it. */
const readEnv: Reader = ({ source }, driver) =>
  [
    ...source.matchAll(
      /^([ \t#]*(?:export[ \t]+)?)([A-Za-z_]\w*)[ \t]*=[ \t]*(["']?)(postgres(?:ql)?:\/\/[^\s"']+)\3/gm,
    ),
  ].map((match): FoundConfig => {
    const [whole, , name = '', quote = '', url = ''] = match
    const end = match.index + whole.length - quote.length
    return { name, value: url, range: [end - url.length, end], driver }
  })

/** `url` and `directUrl` of a datasource, where they are written out. */
const readPrisma: Reader = ({ source }, driver) => {
  if (!/provider\s*=\s*"(?:postgresql|postgres)"/.test(source)) return []
  return [...source.matchAll(/^[ \t]*(url|directUrl|shadowDatabaseUrl)[ \t]*=[ \t]*"([^"\n]*)"/gm)].map(
    (match): FoundConfig => {
      const [whole, name = '', url = ''] = match
      const end = match.index + whole.length - 1
      return { name, value: url, range: [end - url.length, end], driver }
    },
  )
}

/** URLs anywhere in a compose file, and the mode of a PgBouncer in it. */
const readCompose: Reader = ({ source, file, positions }, driver) => {
  const configs = [...source.matchAll(/([A-Za-z_]\w*)?["']?[ \t]*[:=]?[ \t]*["']?(postgres(?:ql)?:\/\/[^\s"']+)/g)].map(
    (match): FoundConfig => {
      const [whole, name = 'url', url = ''] = match
      const end = match.index + whole.length
      return { name, value: url, range: [end - url.length, end], driver }
    },
  )
  const endpoints = [
    ...source.matchAll(/\b(?:PGBOUNCER_)?POOL_MODE["']?[ \t]*[:=][ \t]*["']?(session|transaction|statement)\b/gi),
  ].map((match) => ({
    ...positions.place(file.name, [match.index, match.index + match[0].length]),
    package: file.package,
    name: 'POOL_MODE',
    mode: (match[1] ?? '').toLowerCase(),
    pooler: 'pgbouncer',
  }))
  return { configs, endpoints, notes: [] }
}

/** The pooler of Supabase's local stack. */
const readSupabase: Reader = ({ source, file, positions }) => {
  const section = /^\[db\.pooler\][^[]*/m.exec(source)
  const mode = section && /^[ \t]*pool_mode[ \t]*=[ \t]*"(\w+)"/m.exec(section[0])
  const isOn = section !== null && /^[ \t]*enabled[ \t]*=[ \t]*true/m.test(section[0])
  if (!section || !mode) return []
  const start = section.index + mode.index
  const endpoint = {
    ...positions.place(file.name, [start, start + mode[0].length]),
    package: file.package,
    name: 'db.pooler',
    mode: mode[1] ?? 'unknown',
    provider: 'supabase',
    pooler: 'supavisor',
  }
  const notes = isOn
    ? []
    : [
        {
          file: file.name,
          line: endpoint.line,
          note: 'the pooler of the local stack is off: session state works here and fails on port 6543',
        },
      ]
  return { configs: [], endpoints: [endpoint], notes }
}

const readers: Readonly<Record<ConfigKind, Reader>> = {
  env: readEnv,
  prisma: readPrisma,
  compose: readCompose,
  supabase: readSupabase,
  options: ({ file, source, positions }, driver) => {
    const { found, problem } = optionsInCode(file.path, source)
    const notes = problem ? [{ file: file.name, line: positions.at(problem.offset).line, note: problem.note }] : []
    return { configs: found.map((one) => ({ ...one, driver })), notes }
  },
  'json-options': ({ file, source }, driver) => {
    const found = optionsInJson(source)
    if (!found) return { configs: [], notes: [{ file: file.name, note: 'not read: no JSON' }] }
    return found.map((one) => ({ ...one, driver }))
  },
}
