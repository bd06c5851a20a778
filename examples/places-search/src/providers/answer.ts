import { z } from 'zod'
import { ProviderError } from '../errors.ts'

/** Reads the body of an answer. @throws ProviderError bad_answer: nothing is guessed */
export function readAnswer<T>(schema: z.ZodType<T>, text: string): T {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ProviderError('bad_answer', 'The provider answered something that is not JSON.', { cause: error })
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new ProviderError(
    'bad_answer',
    `The provider answered something else than documented: ${z
      .prettifyError(parsed.error)
      .replaceAll(/\s*\n\s*/g, ' ')
      .slice(0, 500)}`,
  )
}

/** `Retry-After` in milliseconds, in either of its forms. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}
