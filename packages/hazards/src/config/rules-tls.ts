import type { ConfigFinding, ConfigSubject } from './profile.ts'

const provideCa = 'give the certificate authority of the provider in `ssl.ca` (or sslrootcert in the URL)'

/** TLS that is off, unverified, or not what the options say. */
export function* tlsRules(subject: ConfigSubject): Generator<ConfigFinding> {
  if (subject.driver === 'prisma') return
  const { urlParameters, object } = subject
  const mode = urlParameters.get('sslmode')
  const ssl = object?.['ssl']
  const fromUrl = ['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'ssl'].find((key) => urlParameters.has(key))

  if (isRecord(ssl) && ssl['rejectUnauthorized'] === false) yield unverified('ssl', 'options')
  if (ssl === 'no-verify') yield unverified('ssl', 'options')
  if (mode === 'no-verify') yield unverified('sslmode', 'url')
  if (urlParameters.get('ssl') === 'no-verify') yield unverified('ssl', 'url')

  if (subject.driver === 'pg') {
    if (fromUrl !== undefined && isRecord(ssl)) {
      yield {
        hazard: 'tls-downgrade',
        key: fromUrl,
        where: 'url',
        severity: 'wrong',
        message: `"${fromUrl}" in the URL replaces the whole \`ssl\` object of the options, its certificate authority included: keep one of the two.`,
        certainty: 'source',
      }
    }
    yield* sslModeOfPg(subject, mode)
  } else {
    yield* sslModeOfPostgresJs(mode, urlParameters.get('ssl') ?? ssl)
  }

  const off =
    mode === 'disable' || ssl === false || urlParameters.get('ssl') === '0' || urlParameters.get('ssl') === 'false'
  if (off && isRemote(subject.endpoint.host)) {
    yield {
      hazard: 'tls-downgrade',
      key: mode === 'disable' ? 'sslmode' : 'ssl',
      where: ssl === false && mode !== 'disable' ? 'options' : 'url',
      severity: 'leak',
      message: `Passwords and rows cross the network in clear text: turn TLS on and ${provideCa}.`,
      certainty: 'inferred',
    }
  }
}

function* sslModeOfPg({ urlParameters }: ConfigSubject, mode: string | undefined): Generator<ConfigFinding> {
  const compatible = urlParameters.get('uselibpqcompat') === 'true'
  const found = { hazard: 'tls-downgrade', key: 'sslmode', where: 'url', certainty: 'source' } as const
  if (compatible && (mode === 'prefer' || (mode === 'require' && !urlParameters.has('sslrootcert')))) {
    yield {
      ...found,
      severity: 'leak',
      message: `With uselibpqcompat, sslmode=${mode} encrypts but verifies nobody: write sslmode=verify-full and ${provideCa}.`,
    }
  }
  if (!compatible && (mode === 'prefer' || mode === 'require' || mode === 'verify-ca')) {
    yield {
      ...found,
      severity: 'wrong',
      message: `pg 8 reads sslmode=${mode} as verify-full, pg 9 will read it as libpq does, with less verification: write sslmode=verify-full.`,
    }
  }
}

/** postgres.js encrypts without verification for every text but `verify-full`. */
function* sslModeOfPostgresJs(mode: string | undefined, ssl: unknown): Generator<ConfigFinding> {
  const value = mode ?? ssl
  if (value !== 'require' && value !== 'prefer' && value !== 'allow') return
  yield {
    hazard: 'tls-downgrade',
    key: mode === undefined ? 'ssl' : 'sslmode',
    where: mode === undefined ? 'options' : 'url',
    severity: 'leak',
    message: `postgres.js encrypts with "${value}" but verifies nobody: use verify-full and ${provideCa}.`,
    certainty: 'source',
  }
}

function unverified(key: string, where: ConfigFinding['where']): ConfigFinding {
  return {
    hazard: 'tls-downgrade',
    key,
    where,
    severity: 'leak',
    message: `The certificate is not verified, so anybody in between can read and change everything: ${provideCa}.`,
    certainty: 'source',
  }
}

function isRemote(host: string | undefined): boolean {
  if (host === undefined || host.startsWith('/')) return false
  return !/^(?:localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|host\.docker\.internal|[^.:]+)$/.test(host)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
