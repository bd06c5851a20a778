import { createApiToken, listApiTokens, requireScope, revokeApiToken } from '@pooler-safe/example-foundation'
import { ApiError } from '../errors/api-error.ts'
import { created, pageAnswer } from '../http/answer.ts'
import { operation, type Operation } from '../http/operation.ts'
import { given, idParams, pageOfSchema, pageQuery } from '../schemas/common.ts'
import * as schemas from '../schemas/tokens.ts'

const tag = 'Tokens'

export const tokenOperations: readonly Operation[] = [
  operation({
    id: 'createToken',
    method: 'post',
    path: '/v1/tokens',
    tag,
    summary: 'Makes a token',
    description: 'It can be given no scope that the token which asks does not have itself.',
    scope: 'tokens:write',
    body: schemas.newTokenSchema,
    answers: {
      201: { description: 'The token, shown this once.', schema: schemas.createdTokenSchema, hasLocation: true },
    },
    // The database has the hash of a token alone, and an answer that is kept is in the database.
    keep: (answer) => ({ ...answer, body: { ...(answer.body as object), token: null } }),
    async handle({ session, tenant, auth, body }) {
      for (const scope of body.scopes) requireScope(auth, scope)
      const token = await createApiToken(session, { tenant, ...given(body) })
      return created('/v1/tokens', token)
    },
  }),
  operation({
    id: 'listTokens',
    method: 'get',
    path: '/v1/tokens',
    tag,
    summary: 'Tokens, oldest first',
    scope: 'tokens:read',
    query: pageQuery({}),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.tokenSchema), isPage: true } },
    async handle({ session, tenant, query, context }) {
      const limit = Math.min(query.limit ?? 50, 199)
      const rows = await listApiTokens(session, tenant, given({ limit: limit + 1, after: query.after }))
      const items = rows.slice(0, limit)
      return pageAnswer(context, { items, next: rows.length > limit ? items.at(-1)?.id : undefined })
    },
  }),
  operation({
    id: 'revokeToken',
    method: 'delete',
    path: '/v1/tokens/{id}',
    tag,
    summary: 'Ends a token at once',
    scope: 'tokens:write',
    params: idParams,
    answers: { 204: { description: 'It has ended.' } },
    async handle({ session, tenant, params }) {
      if (await revokeApiToken(session, tenant, params.id)) return { status: 204 }
      throw new ApiError('TOKEN_NOT_FOUND', 'There is no such token that has not ended.')
    },
  }),
]
