import { describeEndpoint, type EndpointDescription } from '@pooler-safe/hazards'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'

/**
 * Holds the URLs of a database against what their providers document about host and port.
 *
 * A `directUrl` that leads to a transaction-mode pooler breaks whatever needs a session, so it is refused; together with a
 * session-mode `url` the two were swapped. A session-mode `url` alone works, at the price of a backend per client
 * connection: that is a warning. Names and ports only suggest a mode otherwise; `verify()` finds out.
 *
 * @returns what to warn about
 * @throws PoolerSafeError POOLER_SAFE_WRONG_ENDPOINT
 */
export function checkEndpoints(url: string, directUrl: string | undefined): PoolerSafeError | undefined {
  const pooled = documentedMode(url)
  const direct = directUrl === undefined ? undefined : documentedMode(directUrl)
  if (direct?.expectedMode === 'transaction') {
    const swapped = pooled !== undefined && pooled.expectedMode !== 'transaction'
    throw wrongEndpoint(swapped ? 'url and directUrl are swapped: directUrl' : 'directUrl', direct)
  }
  return pooled?.expectedMode === 'session' ? wrongEndpoint('url', pooled) : undefined
}

function documentedMode(url: string): EndpointDescription | undefined {
  const description = describeEndpoint(url)
  return description.certainty === 'documented' ? description : undefined
}

function wrongEndpoint(option: string, { expectedMode, host, port, otherModes }: EndpointDescription): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_WRONG_ENDPOINT',
    `${option} leads to ${host ?? 'a host'}:${port}, which is in ${expectedMode} mode.`,
    {
      outcome: 'not-executed',
      hazard: 'wrong-port',
      hint: otherModes === undefined ? 'Look up the other URL at your provider.' : `Here ${otherModes}.`,
    },
  )
}
