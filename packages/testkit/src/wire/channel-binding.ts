import { createHash } from 'node:crypto'

/** Hash of the signature algorithm of a certificate, by the object identifier in DER (RFC 3279, 4055, 5758). */
const hashes: Readonly<Record<string, string>> = {
  // RFC 5929: where the certificate uses MD5 or SHA-1, SHA-256 stands in.
  '2a864886f70d010104': 'sha256',
  '2a864886f70d010105': 'sha256',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a864886f70d01010e': 'sha224',
  '2a8648ce3d0401': 'sha256',
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}

interface Element {
  readonly tag: number
  readonly content: Buffer
  readonly end: number
}

/** One element of ASN.1 in DER; undefined when it does not fit into what is there. */
function elementAt(der: Buffer, offset: number): Element | undefined {
  const tag = der[offset]
  const first = der[offset + 1]
  if (tag === undefined || first === undefined) return undefined
  const lengthBytes = first < 128 ? 0 : first & 127
  if (lengthBytes > 4 || offset + 2 + lengthBytes > der.length) return undefined
  const length = lengthBytes === 0 ? first : der.readUIntBE(offset + 2, lengthBytes)
  const start = offset + 2 + lengthBytes
  if (start + length > der.length) return undefined
  return { tag, content: der.subarray(start, start + length), end: start + length }
}

/** The object identifier of a certificate's signature algorithm, in hexadecimal. */
function signatureAlgorithm(certificate: Buffer): string | undefined {
  const outer = elementAt(certificate, 0)
  const toBeSigned = outer && elementAt(outer.content, 0)
  const algorithm = outer && toBeSigned && elementAt(outer.content, toBeSigned.end)
  const identifier = algorithm && elementAt(algorithm.content, 0)
  return identifier?.tag === 0x06 ? identifier.content.toString('hex') : undefined
}

/**
 * What SCRAM is bound to with `tls-server-end-point` (RFC 5929): the hash of the server's certificate. Undefined for
 * signature algorithms that have no hash of their own, such as Ed25519, and for RSASSA-PSS.
 */
export function serverEndPoint(certificate: Buffer): Buffer | undefined {
  const hash = hashes[signatureAlgorithm(certificate) ?? '']
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest()
}
