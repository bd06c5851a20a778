import { isUtf8 } from 'node:buffer'
import sniffEncoding from 'html-encoding-sniffer'

/**
 * The text of a body: by its byte order mark, the charset of `Content-Type`, what it declares in its first kilobyte, and
 * else UTF-8 if it is that, windows-1252 if not. Never throws: what cannot be decoded is U+FFFD.
 */
export function decodeText(bytes: Uint8Array, contentType: string | null): string {
  const label = /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType ?? '')?.[1]
  const encoding = sniffEncoding(bytes, {
    xml: /[/+]xml\s*(;|$)/i.test(contentType ?? '') && !/xhtml/i.test(contentType ?? ''),
    defaultEncoding: isUtf8(bytes) ? 'UTF-8' : 'windows-1252',
    ...(label === undefined ? {} : { transportLayerEncodingLabel: label }),
  })
  try {
    return new TextDecoder(encoding).decode(bytes)
  } catch {
    // Encodings of the standard that Node does not decode.
    return new TextDecoder().decode(bytes)
  }
}
