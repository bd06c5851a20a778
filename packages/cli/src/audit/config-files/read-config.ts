import { describeEndpoint, type ConfigDriver } from '@pooler-safe/hazards'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nothing, type FileResult } from '../collected.ts'
import type { PackageFacts } from '../packages.ts'
import { readPoolers } from './compose.ts'
import {
  configFindings,
  endpointOf,
  placedFinding,
  type ConfigFile,
  type FoundConfig,
  type PlacedFinding,
} from './config-findings.ts'
import type { ConfigKind } from './config-kind.ts'
import { optionsInCode, optionsInJson } from './static-options.ts'

/** Finds connections in a configuration file, and what is wrong with them. */
export function readConfig(kind: ConfigKind, file: ConfigFile, facts: PackageFacts): FileResult {
  const driver = driverOf(kind, facts)
  const read = readers[kind](file, driver)
  const found = Array.isArray(read) ? { configs: read as readonly FoundConfig[], notes: [] } : (read as Read)
  return {
    ...nothing,
    findings: [
      ...found.configs.flatMap((config) => {
        const { value } = config
        return configFindings(
          typeof value === 'string' ? { ...config, driver: driverOfUrl(value, config.driver, facts) } : config,
          file,
        )
      }),
      ...(found.findings ?? []),
    ],
    endpoints: [
      ...(found.hasEndpoints === true ? [] : found.configs.flatMap((config) => endpointOf(config, file))),
      ...(found.endpoints ?? []),
    ],
    notes: found.notes,
  }
}

interface Read extends Pick<FileResult, 'notes'> {
  readonly configs: readonly FoundConfig[]
  readonly endpoints?: FileResult['endpoints']
  readonly findings?: FileResult['findings']
  /** Whether `endpoints` has those of the connections, too. */
  readonly hasEndpoints?: boolean
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

/** `url` and `directUrl` of a datasource, where they are written out or an example of the environment has them. */
const readPrisma: Reader = (context, driver) => {
  const { source, file } = context
  if (!/provider\s*=\s*"(?:postgresql|postgres)"/.test(source)) return []
  const configs = [...source.matchAll(/^[ \t]*(url|directUrl|shadowDatabaseUrl)[ \t]*=[ \t]*"([^"\n]*)"/gm)].map(
    (match): FoundConfig => {
      const [whole, name = '', url = ''] = match
      const end = match.index + whole.length - 1
      return { name, value: url, range: [end - url.length, end], driver }
    },
  )
  const main = /^[ \t]*url[ \t]*=[ \t]*(?:"([^"\n]*)"|env\("(\w+)"\))/m.exec(source)
  if (!main || /^[ \t]*directUrl[ \t]*=/m.test(source)) return configs
  const [whole, written, variable] = main
  const url = written ?? (variable === undefined ? undefined : exampleOf(variable, file.path))
  if (url === undefined || describeEndpoint(url).expectedMode !== 'transaction') return configs
  const missing: PlacedFinding = {
    hazard: 'wrong-port',
    subject: 'directUrl',
    message:
      '`url` leads to a pooler in transaction mode and there is no `directUrl`: `prisma migrate` needs one. Add `directUrl = env("DIRECT_URL")`.',
    range: [main.index + whole.search(/\S/), main.index + whole.length],
  }
  return { configs, findings: placedFinding(missing, context), notes: [] }
}

const exampleNames = ['.env.example', '.env.sample', '.env.template']

/** What the nearest example of the environment says about a variable. */
function exampleOf(variable: string, from: string): string | undefined {
  for (let folder = dirname(from), steps = 0; steps < 4; folder = dirname(folder), steps += 1) {
    for (const name of exampleNames) {
      const path = join(folder, name)
      const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
      const found = new RegExp(
        `^[ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=[ \\t]*["']?(postgres[^\\s"']+)`,
        'm',
      ).exec(text)
      if (found) return found[1]
    }
    if (existsSync(join(folder, '.git'))) return undefined
  }
  return undefined
}

/** URLs anywhere in a compose file, and the mode of a PgBouncer in it. */
const readCompose: Reader = (context, driver) => {
  const { source } = context
  const configs = [...source.matchAll(/([A-Za-z_]\w*)?["']?[ \t]*[:=]?[ \t]*["']?(postgres(?:ql)?:\/\/[^\s"']+)/g)].map(
    (match): FoundConfig => {
      const [whole, name = 'url', url = ''] = match
      const end = match.index + whole.length
      return { name, value: url, range: [end - url.length, end], driver }
    },
  )
  const { endpoints, findings } = readPoolers(configs, context)
  return { configs, endpoints, findings, notes: [], hasEndpoints: true }
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
