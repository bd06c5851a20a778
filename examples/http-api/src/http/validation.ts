import type { z } from '@hono/zod-openapi'
import { ApiError, type ApiErrorCode, type FieldProblem } from '../errors/api-error.ts'

const mostProblems = 20

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
  const unstorable = findUnstorable(value, '')
  const parsed = schema.safeParse(value)
  const fields: FieldProblem[] = [
    ...(unstorable === undefined
      ? []
      : [{ field: unstorable, message: 'contains a NUL character or half of a surrogate pair' }]),
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

/** Where a text is that PostgreSQL cannot store. Goes as deep as the value does, without recursion. */
function findUnstorable(value: unknown, name: string): string | undefined {
  const left: [name: string, value: unknown][] = [[name, value]]
  for (let next = left.pop(); next; next = left.pop()) {
    const [where, one] = next
    if (typeof one === 'string') {
      if (one.includes('\0') || !one.isWellFormed()) return where
    } else if (typeof one === 'object' && one !== null) {
      for (const [key, below] of Object.entries(one)) {
        const path = where === '' ? shorten(key) : `${where}.${shorten(key)}`
        if (key.includes('\0') || !key.isWellFormed()) return where
        left.push([path.slice(-200), below])
      }
    }
  }
  return undefined
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
