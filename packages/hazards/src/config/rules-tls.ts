import type { ConfigFinding, ConfigSubject } from './profile.ts'

const provideCa = 'give the certificate authority of the provider in `ssl.ca` (or sslrootcert in the URL)'

/** TLS that is off, unverified, or not what the options say. */
export function* tlsRules(subject: ConfigSubject): Generator<ConfigFinding> {
  if (subject.driver === 'prisma') return
  if (subject.driver === 'pg') yield* tlsOfPg(subject)
  else yield* tlsOfPostgresJs(subject)
}

/** What the URL says about TLS replaces the `ssl` option as a whole. */
function* tlsOfPg(subject: ConfigSubject): Generator<ConfigFinding> {
  const { urlParameters, object } = subject
  const mode = urlParameters.get('sslmode')
  const ssl = object?.['ssl']
  const fromUrl =
    ['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'ssl'].find((key) => urlParameters.has(key)) ??
    (urlParameters.get('sslnegotiation') === 'direct' ? 'sslnegotiation' : undefined)

  if (mode === 'no-verify') yield unverified('sslmode', 'url')
  else if (fromUrl === 'ssl' && urlParameters.get('ssl') === 'no-verify') yield unverified('ssl', 'url')
  else if (fromUrl === undefined && verifiesNobody(ssl)) yield unverified('ssl', 'options')

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

  if (mode === 'disable') yield* clearText(subject, 'sslmode', 'url')
  else if (fromUrl === 'ssl' && urlParameters.get('ssl') === '0') yield* clearText(subject, 'ssl', 'url')
  else if (fromUrl === undefined && ssl === false) yield* clearText(subject, 'ssl', 'options')
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

/** The `ssl` option wins over the URL, where sslmode and ssl are the same. */
function* tlsOfPostgresJs(subject: ConfigSubject): Generator<ConfigFinding> {
  const { urlParameters, object } = subject
  const inObject = object !== undefined && 'ssl' in object
  const where = inObject ? 'options' : 'url'
  const key = !inObject && urlParameters.has('sslmode') ? 'sslmode' : 'ssl'
  const system = urlParameters.get('sslrootcert') === 'system' ? 'verify-full' : undefined
  const value = inObject ? object['ssl'] : (system ?? urlParameters.get(key))
  if (value === 'require' || value === 'prefer' || value === 'allow') {
    yield {
      hazard: 'tls-downgrade',
      key,
      where,
      severity: 'leak',
      message: `postgres.js encrypts with "${value}" but verifies nobody: use verify-full and ${provideCa}.`,
      certainty: 'source',
    }
  }
  if (isRecord(value) && verifiesNobody(value)) yield unverified(key, where)
  if (value === false || (!inObject && (value === 'disable' || value === 'false'))) {
    yield* clearText(subject, key, where)
  }
}

function* clearText(subject: ConfigSubject, key: string, where: ConfigFinding['where']): Generator<ConfigFinding> {
  if (!isRemote(subject.endpoint.host)) return
  yield {
    hazard: 'tls-downgrade',
    key,
    where,
    severity: 'leak',
    message: `Passwords and rows cross the network in clear text: turn TLS on and ${provideCa}.`,
    certainty: 'inferred',
  }
}

function verifiesNobody(ssl: unknown): boolean {
  return ssl === 'no-verify' || (isRecord(ssl) && ssl['rejectUnauthorized'] === false)
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
