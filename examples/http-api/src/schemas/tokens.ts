import { z } from '@hono/zod-openapi'
import { givenTime, id, orNull, text, time } from './common.ts'

const scopes = z.array(z.string().min(1).max(62))

export const tokenSchema = z
  .strictObject({
    id,
    name: text,
    scopes,
    createdAt: time,
    expiresAt: orNull(time),
    revokedAt: orNull(time),
    lastUsedAt: orNull(time),
  })
  .openapi('ApiToken')

export const newTokenSchema = z
  .strictObject({ name: z.string().min(1).max(200), scopes: scopes.min(1).max(50), expiresAt: givenTime.optional() })
  .openapi('NewApiToken')

export const createdTokenSchema = z
  .strictObject({
    id,
    token: orNull(text).openapi({
      description: 'Shown this once. Null when the same Idempotency-Key is sent again: it is kept nowhere.',
    }),
  })
  .openapi('CreatedApiToken')
