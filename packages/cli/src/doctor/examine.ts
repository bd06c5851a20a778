import {
  checkConfig,
  describeEndpoint,
  hazard,
  poolers,
  redactUrl,
  type HazardId,
  type Severity,
} from '@pooler-safe/hazards'
import { addressOf } from './clients.ts'
import type { DatabaseFacts, Diagnosis, DoctorReport, NetworkFacts, SessionFacts } from './diagnosis.ts'
import { probeDatabase } from './probe-database.ts'
import { probeNetwork } from './probe-network.ts'
import { probeSession } from './probe-session.ts'
import { recommend } from './recommend.ts'

export interface ExamineOptions {
  readonly connections: number
  readonly timeoutMs: number
}

const severities: readonly Severity[] = ['leak', 'loss', 'wrong', 'hang', 'error', 'perf']

/** Examines an endpoint, one probe after the other. Rejects when it cannot be reached or logged in to. */
export async function examine(url: string, { connections, timeoutMs }: ExamineOptions): Promise<DoctorReport> {
  const network = await probeNetwork(addressOf(url), timeoutMs)
  const session = await probeSession(url, timeoutMs)
  const { facts, findings } = await probeDatabase(url, {
    connections,
    timeoutMs,
    isPinnable: session.mode !== 'statement',
  })
  const all = [
    ...checkConfig(url).map((one): Diagnosis => ({
      hazard: one.hazard,
      severity: one.severity,
      title: one.message,
      advice: hazard(one.hazard).alternatives[0].note,
    })),
    ...networkFindings(network),
    ...sessionFindings(session),
    ...settingFindings(facts),
    ...findings,
  ]
  const { pooler, provider } = describeEndpoint(url)
  const guess =
    pooler === undefined ? '' : ` (${poolers[pooler]}${provider === undefined ? '' : `, ${provider}`}, by its address)`
  return {
    schemaVersion: 1,
    url: redactUrl(url),
    pooler: session.mode === 'direct' ? 'none: PostgreSQL itself' : `${nameOf(session)}${guess}`,
    network,
    session,
    database: facts,
    findings: all.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)),
    recommendations: recommend(session),
  }
}

/** Poolers do not say what they are; how they treat parameters and names does. */
function nameOf({ startup, mode, namedStatements }: SessionFacts): string {
  const answers = Object.values(startup)
  if (mode === 'statement') return 'a pooler in statement mode, as PgBouncer has it'
  if (answers.includes('refused')) {
    return namedStatements === 'translated'
      ? 'behaves as PgBouncer 1.21 or later'
      : 'behaves as PgBouncer without statement tracking'
  }
  if (answers.includes('set-in-session')) {
    return 'sets start-up parameters on whatever backend comes first, as Odyssey does'
  }
  if (answers.includes('dropped')) {
    return answers.includes('applied')
      ? 'drops start-up parameters silently except search_path, as Supavisor does'
      : 'drops every start-up parameter silently, as pgagroal does, and PgBouncer with ignore_startup_parameters'
  }
  return 'an unknown pooler'
}

function finding(id: HazardId, title: string, advice: string): Diagnosis {
  return { hazard: id, severity: hazard(id).severity, title, advice }
}

function* networkFindings({ tls, certificate, authentication, channelBinding }: NetworkFacts): Generator<Diagnosis> {
  if (tls === 'refused') {
    yield finding(
      'tls-downgrade',
      'There is no TLS: password hashes, rows and cancel keys travel in the open.',
      'Turn TLS on, and connect with sslmode=verify-full, unless both ends are on one machine.',
    )
  }
  if (certificate?.problem !== undefined) {
    yield finding(
      'tls-downgrade',
      `The certificate proves nothing to this machine: ${certificate.problem}.`,
      'Give the driver the certificate authority (sslrootcert, or ssl: { ca }), and verify.',
    )
  }
  if (tls === 'offered' && channelBinding === false) {
    yield finding(
      'scram-channel-binding',
      'SCRAM cannot be bound to the TLS channel here.',
      'Do not require channel binding; verify the certificate instead.',
    )
  }
  if (authentication === 'md5' || authentication === 'password in clear text') {
    yield finding(
      'tls-downgrade',
      `Clients log in with ${authentication}.`,
      'Use scram-sha-256 at the pooler and at the server.',
    )
  }
}

function* sessionFindings({ mode, namedStatements, syncsInFlight, startup }: SessionFacts): Generator<Diagnosis> {
  if (mode === 'statement') {
    yield finding(
      'statement-mode',
      'The pooler is in statement mode: there are no transactions.',
      'Set pool_mode = transaction.',
    )
  }
  if (mode === 'transaction' && namedStatements === 'kept') {
    yield finding(
      'named-parse',
      'Statement names reach the backend as they are: the next transaction finds another one, or somebody else’s.',
      'Send unnamed statements; turn the statement cache of the driver off.',
    )
  }
  if (syncsInFlight === 'lost') {
    yield finding(
      'sync-pipelining',
      'Not every one of several requests in flight was answered.',
      'Wait for ReadyForQuery before the next request.',
    )
  }
  for (const [name, answer] of Object.entries(startup)) {
    if (mode === 'direct' || answer === 'applied') continue
    if (answer === 'refused') {
      yield finding(
        'startup-param-rejected',
        `${name} at start-up is refused: clients that send it cannot connect.`,
        'Set it with SET LOCAL in the transaction, or for the role.',
      )
    } else if (answer === 'dropped') {
      yield finding(
        'startup-param-ignored',
        `${name} at start-up is dropped silently: whoever relies on it has none.`,
        'Set it with SET LOCAL in the transaction, or for the role.',
      )
    } else {
      yield finding(
        'startup-param-ignored',
        `${name} at start-up becomes a SET on whatever backend comes first.`,
        'Do not send it; set it with SET LOCAL in the transaction.',
      )
    }
  }
}

function* settingFindings({ settings, poolSizeSeen, asked }: DatabaseFacts): Generator<Diagnosis> {
  if (settings['idle_in_transaction_session_timeout'] === '0') {
    yield finding(
      'idle-in-tx',
      'Nothing ends a transaction that was left idle: its backend is lost to everybody else.',
      "alter role … set idle_in_transaction_session_timeout = '60s'",
    )
  }
  if (settings['statement_timeout'] === '0') {
    yield finding(
      'long-statements',
      'Nothing ends a statement that runs for ever.',
      "alter role … set statement_timeout = '30s', and SET LOCAL where more is needed.",
    )
  }
  if (poolSizeSeen > 0 && poolSizeSeen < asked) {
    yield finding(
      'double-pool-sizing',
      `Only ${poolSizeSeen} of ${asked} transactions had a backend at once.`,
      'Keep max of all pools together near the number of backends, or give the pooler more.',
    )
  }
}
