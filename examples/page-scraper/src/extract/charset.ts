import { isUtf8 } from 'node:buffer'
import sniffEncoding from 'html-encoding-sniffer'

export interface DecodedPage {
  readonly text: string
  /** Name of the encoding by the WHATWG's standard, lower case. */
  readonly charset: string
}

/**
 * The text of an HTML page: by its byte order mark, the charset of `Content-Type`, what it declares in its first kilobyte,
 * and else UTF-8 if it is that, windows-1252 if not. Never throws.
 */
export function decodePage(bytes: Uint8Array, contentType: string | null): DecodedPage {
  const label = /;\s{0,9}charset\s{0,9}=\s{0,9}["']?([^\s;"']{1,50})/i.exec(contentType ?? '')?.[1]
  const encoding = sniffEncoding(bytes, {
    defaultEncoding: isUtf8(bytes) ? 'UTF-8' : 'windows-1252',
    ...(label === undefined ? {} : { transportLayerEncodingLabel: label }),
  })
  try {
    return { text: new TextDecoder(encoding).decode(bytes), charset: encoding.toLowerCase() }
  } catch {
    // Encodings of the standard that Node does not decode.
    return { text: new TextDecoder().decode(bytes), charset: 'utf-8' }
  }
}
