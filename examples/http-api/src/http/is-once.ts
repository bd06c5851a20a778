import type { z } from '@hono/zod-openapi'
import type { OperationOptions } from './operation.ts'

/** Whether the answer to a request of the operation is kept under its Idempotency-Key, in the transaction of its work. */
export function isOnce({
  method,
  streamedBody,
  isIdempotent = method === 'post',
}: Pick<OperationOptions<z.ZodObject, z.ZodObject, z.ZodType>, 'method' | 'streamedBody' | 'isIdempotent'>): boolean {
  return isIdempotent && streamedBody === undefined
}
