import { z } from '@hono/zod-openapi'

export const id = z.string().openapi({ format: 'uuid', example: '0199d0a0-0000-7000-8000-000000000000' })
export const idParams = z.object({ id })
export const hostParams = z.object({ host: z.string().openapi({ example: 'example.com' }) })

/** A time as it is answered. */
export const time = z.string().openapi({ format: 'date-time' })
export const text = z.string()
export const count = z.int().min(0)
export const anything = z.unknown().openapi({ description: 'Any JSON.' })
export const someObject = z.record(z.string(), z.unknown())
export const orNull = <Schema extends z.ZodType>(schema: Schema): z.ZodNullable<Schema> => schema.nullable()

export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    hint: z.string().optional(),
    errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .openapi('Problem')

/** A whole number in a query. */
export function wholeNumber(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: 'is not a whole number' })
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .openapi({ type: 'integer', minimum, maximum })
}

/** A number in a query. */
export function decimalNumber(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^-?\d{1,10}(\.\d{1,10})?$/, { error: 'is not a number' })
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum))
    .openapi({ type: 'number', minimum, maximum })
}

export const yesOrNo = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .openapi({ type: 'boolean' })

/** A time that is asked for. */
export const givenTime = z.iso
  .datetime({ offset: true, error: 'is not a time such as 2026-01-31T12:00:00Z' })
  .transform((value) => new Date(value))
  .openapi({ type: 'string', format: 'date-time' })

const pageIds = {
  limit: wholeNumber(1, 500).optional().openapi({ description: 'Default 50.' }),
  after: z.uuid({ error: 'is not what a page returned as next' }).optional(),
}
const pageNumbers = { ...pageIds, after: wholeNumber(0, 2 ** 31 - 1).optional() }

/** Query of a list in the order of ids, with filters. */
export function pageQuery<Shape extends z.core.$ZodLooseShape>(filters: Shape) {
  return z.strictObject({ ...pageIds, ...filters })
}

/** The same of a list in the order of a number. */
export function numberedPageQuery<Shape extends z.core.$ZodLooseShape>(filters: Shape) {
  return z.strictObject({ ...pageNumbers, ...filters })
}

/** An answer with a page of a list. */
export function pageOfSchema(item: z.ZodType) {
  return z.strictObject({
    items: z.array(item),
    next: z.string().nullable().openapi({ description: 'Give it as `after` for the next page; null on the last one.' }),
  })
}

/** Splits a query into the page that is wanted and the filters; what was not given is not there. */
export function pageAndFilter<Query extends { limit?: number | undefined; after?: string | number | undefined }>(
  query: Query,
): {
  readonly page: Pick<Query, 'limit' | 'after'> extends infer Page
    ? { [K in keyof Page]: Exclude<Page[K], undefined> }
    : never
  readonly filter: { [K in keyof Omit<Query, 'limit' | 'after'>]?: Exclude<Query[K & keyof Query], undefined> }
} {
  const { limit, after, ...filter } = query
  return { page: given({ limit, after }), filter: given(filter) } as never
}

/** An object without what is undefined. */
export function given<Value extends object>(
  value: Value,
): { [K in keyof Value as undefined extends Value[K] ? never : K]: Value[K] } & {
  [K in keyof Value as undefined extends Value[K] ? K : never]?: Exclude<Value[K], undefined>
} {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}
