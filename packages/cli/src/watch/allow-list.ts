import { catalogue } from '@pooler-safe/hazards'
import type { AllowedViolation } from '@pooler-safe/testkit'
import { readFileSync } from 'node:fs'
import { UsageError } from '../command-line/usage-error.ts'

const keys = new Set(['hazard', 'sql', 'applicationName', 'residue', 'reason'])

/** Reads the violations that are expected, each with its reason. Throws a `UsageError`. */
export function readAllowed(path: string): readonly AllowedViolation[] {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : error instanceof SyntaxError
          ? error.message
          : (code ?? String(error))
    throw new UsageError(`${path} could not be read as JSON: ${why}.`, undefined, { cause: error })
  }
  if (!Array.isArray(value)) throw new UsageError(`${path} has to hold a list.`)
  for (const [index, item] of value.entries()) check(item, `${path}, entry ${index + 1}`)
  return value as readonly AllowedViolation[]
}

function check(item: unknown, place: string): void {
  if (typeof item !== 'object' || item === null) throw new UsageError(`${place} has to be an object.`)
  const entry = item as Readonly<Record<string, unknown>>
  const stray = Object.keys(entry).find((key) => !keys.has(key) || typeof entry[key] !== 'string')
  if (stray !== undefined) throw new UsageError(`${place}: "${stray}" is not a text that an entry may have.`)
  if (!catalogue.some(({ id }) => id === entry['hazard']))
    throw new UsageError(`${place} names no hazard of the catalogue.`)
  const { reason } = entry
  if (typeof reason !== 'string' || reason.trim() === '') throw new UsageError(`${place} has to say why, in "reason".`)
}
