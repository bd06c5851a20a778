import { type HazardId, hazardIds } from '../hazard.ts'
import type { Outcome } from './classification.ts'

/** What can be read from one error of a chain, whatever its class. */
export interface ErrorFacts {
  readonly message: string
  readonly code?: string
  readonly severity?: 'fatal' | 'panic' | 'notice'
  /** PostgreSQL wrote this error: it names its own source file. */
  readonly fromServer: boolean
  readonly syscall?: string
  /** An outcome that the wrapper has established. */
  readonly outcome?: Outcome
  /** The hazard that the wrapper has named. */
  readonly hazard?: HazardId
  readonly causes: readonly unknown[]
  /** Errors of which each happened, unlike causes of which one is the reason. */
  readonly siblings: readonly unknown[]
}

// `severity` is translated by the server; these are the words of its translations.
const fatalWords = new Set([
  'FATAL',
  'FATALE',
  'FATALT',
  'FATALURI',
  'KATASTROFALNY',
  'ВАЖНО',
  'ФАТАЛЬНО',
  'ÖLÜMCÜL (FATAL)',
  '致命错误',
  '치명적오류',
  'ΚΡΙΣΙΜΟ',
])
const panicWords = new Set([
  'PANIC',
  'PANIK',
  'PÂNICO',
  'PÁNICO',
  'PANICO',
  'PANIKA',
  'ПАНИКА',
  'ПАНІКА',
  '比致命错误还过分的错误',
  '패닉',
])
const noticeWord = /^(?:WARNING|NOTICE|INFO|LOG|DEBUG\d?)$/
const outcomes: readonly unknown[] = ['not-executed', 'executed', 'unknown'] satisfies Outcome[]

const ids: readonly unknown[] = Object.values(hazardIds)

const causeKeys = ['cause', 'originalError', 'original', 'parent', 'driverError', 'driverAdapterError', 'meta'] as const

/** Reads one level. Never throws: property access on foreign objects may run getters and proxies. */
export function readError(error: unknown): ErrorFacts {
  if (typeof error === 'string') return readText(error)
  if (typeof error !== 'object' && typeof error !== 'function') return nothing
  if (error === null) return nothing

  const message = text(get(error, 'message')) ?? ''
  const code = text(get(error, 'code'))
  const severity = readSeverity(get(error, 'severity'), get(error, 'name'))
  const syscall = text(get(error, 'syscall'))
  const outcome = get(error, 'outcome')
  const hazard = get(error, 'hazard')
  const facts = {
    fromServer: isServerFile(get(error, 'file')) && get(error, 'routine') !== undefined,
    ...(syscall !== undefined && { syscall }),
    ...(outcomes.includes(outcome) && { outcome: outcome as Outcome }),
    ...(ids.includes(hazard) && { hazard: hazard as HazardId }),
    causes: causeKeys.map((key) => get(error, key)).filter((value) => value != null && value !== error),
    siblings: list(get(error, 'errors')),
  }
  if (code !== undefined || severity !== undefined) {
    return { ...facts, message, ...(code !== undefined && { code }), ...(severity && { severity }) }
  }
  const inner = readText(message)
  const name = get(error, 'name')
  return { ...inner, ...(name === 'AbortError' && { code: 'ABORT_ERR' }), ...facts }
}

const nothing: ErrorFacts = { message: '', fromServer: false, causes: [], siblings: [] }

const bareSqlState = /^(?=.*\d)[0-9A-Z]{5}$/
const rustError = /PostgresError \{ code: "([0-9A-Z]{5})", message: "((?:[^"\\]|\\.)*)", severity: "(\w+)"/
const labelled = /(?:^|: )(FATAL|PANIC|ERROR|WARNING|NOTICE):?\s+(?:\(?([0-9A-Z]{5})\)?:?\s+(?=\S))?/
const trailingSqlState = /\s*\(?\bSQLSTATE[:= [(]*([0-9A-Z]{5})[\])]*\s*$/

/**
 * Reads what logs, other languages and wrappers make of an error: `FATAL: query_wait_timeout (SQLSTATE 08P01)`,
 * `error: 26000: prepared statement …`, a bare SQLSTATE.
 */
function readText(raw: string): ErrorFacts {
  const trimmed = raw.slice(0, 10_000).trim()
  if (bareSqlState.test(trimmed)) return { ...nothing, code: trimmed }
  const rust = rustError.exec(trimmed)
  if (rust) {
    return {
      ...nothing,
      ...withSeverity(rust[3]),
      code: rust[1] ?? '',
      message: (rust[2] ?? '').replace(/\\(.)/g, '$1'),
    }
  }
  const last = trailingSqlState.exec(trimmed)
  const body = (last ? trimmed.slice(0, last.index) : trimmed).replace(/^(?:[a-z]*error|Error|PostgresError): /, '')
  const label = labelled.exec(body)
  const leading = /^([0-9A-Z]{5}): /.exec(body)
  const message = label ? body.slice(label.index + label[0].length) : leading ? body.slice(leading[0].length) : body
  const code = last?.[1] ?? label?.[2] ?? leading?.[1]
  return {
    ...nothing,
    message,
    ...(code !== undefined && bareSqlState.test(code) && { code }),
    ...withSeverity(label?.[1]),
  }
}

function readSeverity(value: unknown, name: unknown): ErrorFacts['severity'] {
  const word = typeof value === 'string' ? value.toUpperCase() : undefined
  if (word !== undefined && fatalWords.has(word)) return 'fatal'
  if (word !== undefined && panicWords.has(word)) return 'panic'
  if (name === 'notice' || (word !== undefined && noticeWord.test(word))) return 'notice'
  return undefined
}

function withSeverity(word: string | undefined): Pick<ErrorFacts, 'severity'> {
  const severity = readSeverity(word, undefined)
  return severity ? { severity } : {}
}

// Pgpool-II is a fork of PostgreSQL's error machinery and names its own files.
function isServerFile(file: unknown): boolean {
  return typeof file === 'string' && /\.[cyl]$/.test(file) && !/^(?:pool_|pcp_|child\.c)/.test(file)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function list(value: unknown): readonly unknown[] {
  try {
    return Array.isArray(value) ? (value.slice(0, 32) as unknown[]) : []
  } catch {
    return []
  }
}

function get(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}
