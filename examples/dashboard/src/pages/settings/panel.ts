import {
  createApiToken,
  explain,
  listApiTokens,
  revokeApiToken,
  ServiceError,
  type ApiToken,
} from '@pooler-safe/example-foundation'
import type { Hono } from 'hono'
import type { DashboardEnv, DashboardPanel, FormFields, PageRequestContext, PageTools, Visitor } from '../../context.ts'
import { badge } from '../../view/badge.ts'
import { actionButton, csrfField, field, problem, select } from '../../view/form.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { section } from '../../view/layout.ts'
import { empty, table } from '../../view/table.ts'
import { clipped, foreign, none } from '../../view/text.ts'
import { when } from '../../view/time.ts'

const areas = ['jobs', 'batches', 'scans', 'sitemaps', 'places', 'events', 'tokens', 'pooler'] as const
const dayMs = 86_400_000

/** Tokens: each is shown once, when it is made. */
export const settingsPanel: DashboardPanel = { href: '/settings', label: 'Settings', routes }

function routes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { database } = platform
  const show = async (
    c: PageRequestContext,
    { fields, message, made }: { readonly fields?: FormFields; readonly message?: string; readonly made?: string },
  ): Promise<Response> => {
    const visitor = c.get('visitor')
    const tokens = await listApiTokens(database, visitor.tenant, { limit: 200 })
    const body = html`${made === undefined ? nothing : secret(made)} ${problem(message)}
    ${section('New token', tokenForm(visitor, fields))} ${section('Tokens', tokenTable(tokens, visitor))}`
    return render(c, { title: 'Settings', body }, message === undefined ? 200 : 422)
  }
  app.get('/settings', (c) => show(c, {}))
  app.post('/settings/tokens', async (c) => {
    const fields = await form(c)
    const visitor = c.get('visitor')
    try {
      const days = fields.number('days')
      if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= 3_650)) {
        throw new ServiceError('TOKEN_OPTIONS_INVALID', 'A token expires after 1 to 3,650 days, or never.')
      }
      const { token } = await createApiToken(database, {
        tenant: visitor.tenant,
        name: fields.text('name'),
        scopes: allowed(fields.all('scope'), visitor),
        expiresAt: days === undefined ? undefined : new Date(Date.now() + days * dayMs),
      })
      return await show(c, { made: token })
    } catch (error) {
      if (error instanceof ServiceError) return show(c, { fields, message: explain(error) })
      throw error
    }
  })
  app.post('/settings/tokens/:id/revoke', async (c) => {
    await form(c)
    const revoked = await revokeApiToken(database, c.get('visitor').tenant, c.req.param('id'))
    return done(c, '/settings', revoked ? 'The token has ended.' : 'There is no such token, or it has ended before.')
  })
}

/** Nobody gives more than what is theirs. @throws ServiceError SCOPE_MISSING */
function allowed(scopes: readonly string[], { scopes: own }: Visitor): readonly string[] {
  const more = own.includes('*') ? undefined : scopes.find((scope) => !own.includes(scope))
  if (more === undefined) return scopes
  throw new ServiceError('SCOPE_MISSING', `Your own token does not allow ${more}.`, { hint: 'Use one that does.' })
}

function secret(token: string): Html {
  return html`<div class="secret" role="status">
    <p><b>The new token.</b> It is shown this once: copy it now.</p>
    <code data-token>${token}</code
    ><button type="button" class="copy" data-copy="${token}" aria-label="Copy the token" hidden></button>
  </div>`
}

function tokenForm({ csrf, scopes }: Visitor, fields: FormFields | undefined): Html {
  const all = scopes.includes('*') ? [['*', 'everything'] as const] : []
  const each = areas.flatMap((area) => [`${area}:read`, `${area}:write`])
  const choices = scopes.includes('*') ? each : each.filter((scope) => scopes.includes(scope))
  const chosen = fields?.all('scope') ?? []
  const box = (value: string, text: string): Html =>
    html`<label class="check"
      ><input type="checkbox" name="scope" value="${value}" ${chosen.includes(value) ? html` checked` : nothing} />
      ${text}</label
    >`
  return html`<form method="post" action="/settings/tokens">
    ${csrfField(csrf)}
    <div class="form-grid">
      ${field({ label: 'Name', name: 'name', value: fields?.text('name'), required: true, maxLength: 200, placeholder: 'nightly import' })}
      ${select({
        label: 'Expires',
        name: 'days',
        value: fields?.text('days'),
        choices: [
          ['', 'never'],
          ['1', 'in a day'],
          ['30', 'in 30 days'],
          ['365', 'in a year'],
        ],
      })}
    </div>
    <fieldset>
      <legend>What it allows</legend>
      <div class="checks">
        ${all.map(([value, text]) => box(value, text))}${choices.map((scope) => box(scope, scope))}
      </div>
    </fieldset>
    <button class="primary" type="submit">Make the token</button>
  </form>`
}

function stateOf({ revokedAt, expiresAt }: ApiToken): Html {
  if (revokedAt) return badge('revoked', 'revoked', 'ended')
  if (expiresAt && expiresAt.getTime() <= Date.now()) return badge('expired', 'expired', 'ended')
  return badge('valid', 'valid', 'good')
}

function tokenTable(tokens: readonly ApiToken[], { csrf, tokenId }: Visitor): Html {
  return table<ApiToken>({
    caption: 'Tokens, oldest first',
    rows: tokens,
    empty: empty('There are no tokens.'),
    columns: [
      {
        title: 'Name',
        kind: 'grow',
        cell: ({ name, id }) =>
          html`${foreign(name, 100)}${id === tokenId ? html` <span class="quiet">(this session)</span>` : nothing}`,
      },
      { title: 'State', kind: 'tight', cell: stateOf },
      { title: 'Allows', cell: ({ scopes }) => clipped(scopes.includes('*') ? 'everything' : scopes.join(', ')) },
      { title: 'Last used', kind: 'number', minor: true, cell: ({ lastUsedAt }) => when(lastUsedAt) },
      { title: 'Expires', kind: 'number', minor: true, cell: ({ expiresAt }) => when(expiresAt) },
      { title: 'Made', kind: 'number', minor: true, cell: ({ createdAt }) => when(createdAt) },
      {
        title: '',
        label: 'End it',
        kind: 'tight',
        cell: ({ id, revokedAt }) =>
          revokedAt
            ? none()
            : actionButton({
                action: `/settings/tokens/${id}/revoke`,
                csrf,
                text: 'Revoke',
                kind: 'danger',
                confirm:
                  id === tokenId
                    ? 'This is the token of your own session: you will be signed out. End it?'
                    : 'End this token? Whoever uses it is locked out at once.',
              }),
      },
    ],
  })
}
