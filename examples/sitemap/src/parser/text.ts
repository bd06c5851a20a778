/** What decoding found out. */
export interface DecodedText {
  encoding: string
  isDamaged: boolean
}

type Decoder = InstanceType<typeof TextDecoder>

const declaration = /^<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/
const sniffedBytes = 256

/**
 * Decodes a stream. The encoding is the byte order mark's, else the one that the first bytes look like (UTF-16), else the
 * header's, else the XML declaration's, else UTF-8 (XML 1.0, appendix F; RFC 7303, section 3).
 */
export async function* decodeText(
  source: AsyncIterable<Uint8Array>,
  charset: string | undefined,
  found: DecodedText,
): AsyncGenerator<string, void, undefined> {
  let decoder: Decoder | undefined
  let head: Uint8Array[] = []
  let held = 0
  for await (const chunk of source) {
    if (decoder) {
      yield checked(decoder.decode(chunk, { stream: true }), found)
      continue
    }
    head.push(chunk)
    held += chunk.length
    if (held < sniffedBytes) continue
    const first = Buffer.concat(head)
    head = []
    decoder = decoderFor(first, charset, found)
    yield checked(decoder.decode(first, { stream: true }), found)
  }
  const rest = Buffer.concat(head)
  decoder ??= decoderFor(rest, charset, found)
  yield checked(decoder.decode(rest), found)
}

function checked(text: string, found: DecodedText): string {
  if (!found.isDamaged && text.includes('�')) found.isDamaged = true
  return text
}

function decoderFor(head: Uint8Array, charset: string | undefined, found: DecodedText): Decoder {
  const declared = declaration.exec(Buffer.from(head.subarray(0, sniffedBytes)).toString('latin1'))?.[1]
  // A declaration that can be read byte by byte is not one of UTF-16, whatever it says.
  const readable = declared !== undefined && /^utf-?16/i.test(declared) ? undefined : declared
  for (const label of [byteOrder(head), charset, readable]) {
    const decoder = label === undefined ? undefined : tryDecoder(label)
    if (decoder) {
      found.encoding = decoder.encoding
      return decoder
    }
  }
  found.encoding = 'utf-8'
  return new TextDecoder('utf-8')
}

function byteOrder(head: Uint8Array): string | undefined {
  const [a, b, c, d] = head
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  // `<?`, or a letter and a letter, in two bytes each
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return 'utf-16be'
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'utf-16le'
  return undefined
}

function tryDecoder(label: string): Decoder | undefined {
  try {
    return new TextDecoder(label)
  } catch {
    return undefined
  }
}
