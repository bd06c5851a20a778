import { z } from 'zod'
import { ServiceError } from './service-error.ts'

/** The configuration cannot be used; the message lists everything that is wrong with it. */
export class ConfigurationError extends ServiceError {
  override readonly name = 'ConfigurationError'
  /** One line for each problem. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super('CONFIGURATION_INVALID', `The configuration cannot be used:\n${problems.map((one) => `  ${one}`).join('\n')}`)
    this.problems = problems
  }
}

const postgresUrl = z
  .string({ error: 'is missing' })
  .refine((value) => /^postgres(ql)?:\/\//.test(value) && URL.canParse(value), {
    error: 'is not a URL such as postgres://user:password@host:6543/database',
  })

/** The variables that every service reads. */
export const commonVariables = {
  DATABASE_URL: postgresUrl.describe('the URL of the transaction-mode pooler'),
  DIRECT_DATABASE_URL: postgresUrl.optional().describe('the URL of PostgreSQL itself, for migrations'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('how much is logged'),
} as const

/** A whole number in a variable, within limits. */
export function wholeNumber(min: number, max: number): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z.string().transform((text, context) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    context.addIssue({ code: 'custom', message: `is not a whole number from ${min} to ${max}` })
    return z.NEVER
  })
}

export interface ReadConfigurationOptions<Shape extends z.ZodRawShape> {
  /** The variables that are known. An empty value counts as none. */
  readonly shape: Shape
  /** Every variable that begins like this has to be known. */
  readonly prefix: string
  /** Default `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/**
 * Reads a service's configuration from environment variables.
 *
 * @throws ConfigurationError for missing, malformed and unknown variables, all of them in one message
 */
export function readConfiguration<Shape extends z.ZodRawShape>({
  shape,
  prefix,
  variables = process.env,
}: ReadConfigurationOptions<Shape>): z.infer<z.ZodObject<Shape>> {
  const unknown = Object.keys(variables).filter((name) => name.startsWith(prefix) && !Object.hasOwn(shape, name))
  const given = Object.fromEntries(
    Object.keys(shape).flatMap((name) => (variables[name] ? [[name, variables[name]]] : [])),
  )
  const parsed = z.strictObject(shape).safeParse(given)
  const problems = [
    ...unknown.map((name) => `${name} is not known, and would be ignored. ${suggestion(name, Object.keys(shape))}`),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => {
      const name = path.join('.')
      const meaning = (shape[name] as z.ZodType | undefined)?.description
      return `${name} ${message}.${meaning === undefined ? '' : ` It is ${meaning}.`}`
    }),
  ]
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(problems)
  return parsed.data
}

function suggestion(name: string, known: readonly string[]): string {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ distance }) => distance <= 3)
    .sort((a, b) => a.distance - b.distance)
  return best ? `Did you mean ${best.candidate}?` : 'Remove it.'
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
