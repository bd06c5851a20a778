import type { z } from '@hono/zod-openapi'
import { ApiError, type ApiErrorCode, type FieldProblem } from '../errors/api-error.ts'

const mostProblems = 20
/** Objects and lists in each other: neither JSON.stringify nor PostgreSQL takes any depth. */
const mostLevels = 64

/**
 * Reads a value by its schema; what the schema does not know is refused.
 *
 * @throws ApiError with every problem and its field
 */
export function readBySchema<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  code: Extract<ApiErrorCode, 'BODY_INVALID' | 'REQUEST_INVALID'>,
): z.output<Schema> {
  const unstorable = findUnstorable(value)
  const parsed = schema.safeParse(value)
  const fields: FieldProblem[] = [
    ...(unstorable === undefined ? [] : [unstorable]),
    ...(parsed.error?.issues ?? []).flatMap(problemsOf),
  ]
  if (parsed.success && fields.length === 0) return parsed.data
  const [first] = fields
  const where = first === undefined || first.field === '' ? '' : `${first.field}: `
  throw new ApiError(code, `The request cannot be used: ${where}${first?.message ?? 'it is invalid'}.`, {
    fields: fields.slice(0, mostProblems),
  })
}

function problemsOf(issue: z.core.$ZodIssue): FieldProblem[] {
  const at = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: [...at, shorten(key)].join('.'), message: 'is not known' }))
  }
  return [{ field: at.join('.'), message: shorten(issue.message) }]
}

function shorten(text: string): string {
  return text.slice(0, 200).toWellFormed()
}

/** What PostgreSQL cannot store. Goes as deep as it is allowed to, without recursion. */
function findUnstorable(value: unknown): FieldProblem | undefined {
  const left: [field: string, value: unknown, level: number][] = [['', value, 0]]
  for (let next = left.pop(); next; next = left.pop()) {
    const [field, one, level] = next
    if (typeof one === 'string') {
      if (!isStorable(one)) return { field, message: unstorableText }
    } else if (typeof one === 'object' && one !== null) {
      if (level >= mostLevels) return { field, message: `is nested deeper than ${mostLevels} levels` }
      for (const [key, below] of Object.entries(one)) {
        if (!isStorable(key)) return { field, message: unstorableText }
        const path = field === '' ? shorten(key) : `${field}.${shorten(key)}`
        left.push([path.slice(-200).toWellFormed(), below, level + 1])
      }
    }
  }
  return undefined
}

const unstorableText = 'contains a NUL character or half of a surrogate pair'

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/**
 * The parameters of a query, each once.
 *
 * @throws ApiError REQUEST_INVALID
 */
export function readQuery(url: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of new URL(url).searchParams) {
    if (name in query) {
      throw new ApiError('REQUEST_INVALID', `The parameter ${shorten(name)} was given twice.`, {
        fields: [{ field: shorten(name), message: 'was given twice' }],
      })
    }
    query[name] = value
  }
  return query
}
