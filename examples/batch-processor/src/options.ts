import { z } from 'zod'
import { invalidInput } from './errors.ts'
import { whyNotStorable } from '@pooler-safe/example-foundation'

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !value.includes('\0') && value.isWellFormed(), {
      error: 'contains a NUL character or half of a surrogate pair',
    })

const schema = z.strictObject({
  kind: text(100).default('home-page'),
  name: text(200).optional(),
  options: z.record(z.string(), z.unknown()).default({}),
  maxConcurrent: z.int().min(1).max(1_000).default(10),
  maxPerDomain: z.int().min(1).max(1_000).default(2),
  itemTimeoutMs: z.int().min(1).max(3_600_000).default(30_000),
  maxAttempts: z.int().min(1).max(100).default(3),
  retryDelayMs: z.int().min(0).max(86_400_000).default(2_000),
  webhookUrl: z
    .url({ protocol: /^https?$/, error: 'is not an http or https URL' })
    .max(2_000)
    .optional(),
  idempotencyKey: text(200).optional(),
})

/** What a batch is and how it is run. Unknown options are refused. */
export interface NewBatch {
  /** The processor of its items. Default `home-page`. */
  readonly kind?: string | undefined
  readonly name?: string | undefined
  /** For the processor. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Items that run at the same time, whatever number of workers there is. Default 10. */
  readonly maxConcurrent?: number | undefined
  /** Of these, items under the same registrable domain. Default 2. */
  readonly maxPerDomain?: number | undefined
  /** Default 30,000. */
  readonly itemTimeoutMs?: number | undefined
  /** Failed runs until an item fails for good. Default 3. */
  readonly maxAttempts?: number | undefined
  /** Pause before the second run of an item, doubled for each further one. Default 2,000. */
  readonly retryDelayMs?: number | undefined
  /** Told, with a signature, when the batch has ended. */
  readonly webhookUrl?: string | undefined
  /** The same request with the same key makes one batch. */
  readonly idempotencyKey?: string | undefined
}

export type CheckedBatch = z.infer<typeof schema>

/** @throws BatchError BATCH_INPUT_INVALID with everything that is wrong */
export function checkBatch(batch: NewBatch): CheckedBatch {
  const parsed = schema.safeParse(batch)
  if (!parsed.success) {
    throw invalidInput(`The batch cannot be made: ${z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' ')}`)
  }
  const why = whyNotStorable(parsed.data.options, 100_000)
  if (why !== undefined) throw invalidInput(`The options of the batch cannot be stored: ${why}.`)
  return parsed.data
}
