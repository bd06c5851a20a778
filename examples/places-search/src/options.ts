import { z } from 'zod'
import { invalidInput } from './errors.ts'

const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((value) => !value.includes('\0') && value.isWellFormed(), {
      error: 'contains a NUL character or half of a surrogate pair',
    })

const schema = z
  .strictObject({
    provider: text(50).default('google'),
    query: text(500),
    near: text(500).optional(),
    lat: z.number().min(-90).max(90).optional(),
    lng: z.number().min(-180).max(180).optional(),
    radiusM: z.int().min(1).max(50_000).default(5_000),
    language: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, { error: 'is not a language tag such as de or pt-BR' })
      .optional(),
    maxResults: z.int().min(1).max(100_000).default(60),
    budgetUsd: z.number().min(0).max(100_000).default(5),
    idempotencyKey: text(200).optional(),
  })
  .refine(({ lat, lng }) => (lat === undefined) === (lng === undefined), { error: 'lat and lng belong together' })

/** What to search for. Unknown options are refused. */
export interface NewSearch {
  /** Default `google`. */
  readonly provider?: string | undefined
  readonly query: string
  /** Name of a place, such as `Graz`. */
  readonly near?: string | undefined
  /** Instead of `near`. */
  readonly lat?: number | undefined
  readonly lng?: number | undefined
  /** Default 5,000; at most 50,000. */
  readonly radiusM?: number | undefined
  readonly language?: string | undefined
  /** Default 60. More than a provider tells of one area: the area is split where it is full. */
  readonly maxResults?: number | undefined
  /** No request is sent that would cost more. Default 5. */
  readonly budgetUsd?: number | undefined
  /** The same request with the same key makes one search. */
  readonly idempotencyKey?: string | undefined
}

export type CheckedSearch = z.infer<typeof schema>

/** @throws PlacesError PLACES_INPUT_INVALID with everything that is wrong */
export function checkSearch(search: NewSearch): CheckedSearch {
  const parsed = schema.safeParse(search)
  if (parsed.success) return parsed.data
  throw invalidInput(`The search cannot be made: ${z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' ')}`)
}
