/**
 * The settings that PgBouncer follows for each client connection and restores on whatever backend it gets next
 * (`varcache` in its sources; the list of 1.18). Everything else stays behind where it was set.
 */
export const trackedParameters = [
  'client_encoding',
  'DateStyle',
  'TimeZone',
  'standard_conforming_strings',
  'application_name',
] as const

/** Everything that any pooler follows; PostgreSQL reports each of them. */
const followable = [...trackedParameters, 'IntervalStyle', 'default_transaction_read_only'] as const

export type TrackedParameter = (typeof followable)[number]
export type TrackedValues = Partial<Record<TrackedParameter, string>>

const byLowerCase = new Map<string, TrackedParameter>(followable.map((name) => [name.toLowerCase(), name]))

/** The tracked parameter of that name in any case; undefined for others. */
export function trackedParameter(name: string): TrackedParameter | undefined {
  return byLowerCase.get(name.toLowerCase())
}

/** The tracked ones of a log-in's ParameterStatus messages. */
export function trackedValues(parameters: ReadonlyMap<string, string>): TrackedValues {
  const values: TrackedValues = {}
  for (const [name, value] of parameters) {
    const tracked = trackedParameter(name)
    if (tracked) values[tracked] = value
  }
  return values
}

/** A string literal that reads the same whatever `standard_conforming_strings` is. */
export function quoteLiteral(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return text.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/** The SQL that gives a backend the client's values; undefined when they agree, which is the usual case. */
export function synchronise(
  followed: readonly TrackedParameter[],
  wanted: TrackedValues,
  actual: TrackedValues,
): string | undefined {
  let sql = ''
  for (const name of followed) {
    const value = wanted[name]
    if (value !== undefined && value !== actual[name]) sql += `set ${name} to ${quoteLiteral(value)};`
  }
  return sql === '' ? undefined : sql
}
