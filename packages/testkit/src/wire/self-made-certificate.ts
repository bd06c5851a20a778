import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A key and a certificate for TLS, both in PEM. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
}

/** One element of ASN.1 in DER: tag, length, content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 128) return Buffer.concat([Buffer.of(tag, body.length), body])
  const bytes = body.length > 255 ? [body.length >> 8, body.length & 255] : [body.length]
  return Buffer.concat([Buffer.of(tag, 128 | bytes.length, ...bytes), body])
}

const sequence = (...content: readonly Buffer[]): Buffer => der(0x30, ...content)
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const octets = (content: Buffer): Buffer => der(0x04, content)
const bits = (content: Buffer): Buffer => der(0x03, Buffer.of(0), content)
const time = (date: Date): Buffer => der(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')))

const commonName = objectId('550403')
const subjectAltName = objectId('551d11')
const basicConstraints = objectId('551d13')
/** ecdsa-with-SHA256 */
const algorithm = sequence(objectId('2a8648ce3d040302'))

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(text)))))
}

/** Whom a certificate is for. */
interface CertificateSubject {
  readonly names: readonly string[]
  /** IPv4 addresses. */
  readonly addresses: readonly string[]
}

const loopback: CertificateSubject = { names: ['localhost'], addresses: ['127.0.0.1'] }

/**
 * Makes a certificate, for `localhost` and 127.0.0.1 if nothing else is said, that signs itself and is good for a month: enough to test a client's
 * TLS settings with. Its own `cert` is the `ca` a client has to trust.
 */
export function makeCertificate({ names, addresses } = loopback): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const day = 86_400_000
  const serial = randomBytes(8)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 1
  const alternatives = sequence(
    ...names.map((name) => der(0x82, Buffer.from(name))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  )
  const extensions = sequence(
    sequence(subjectAltName, octets(alternatives)),
    sequence(basicConstraints, octets(sequence(der(0x01, Buffer.of(255))))),
  )
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    algorithm,
    nameOf('pooler-safe test'),
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + 30 * day))),
    nameOf('pooler-safe test'),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const certificate = sequence(toSign, algorithm, bits(sign('sha256', toSign, privateKey)))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}
