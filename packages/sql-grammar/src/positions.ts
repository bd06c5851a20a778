/** Translates the parser's offsets, which count UTF-8 bytes, into the UTF-16 offsets of JavaScript strings. */
export function byteOffsets(text: string): (bytes: number) => number {
  if (Buffer.byteLength(text) === text.length) return (bytes) => bytes
  const offsets: number[] = []
  for (let i = 0; i < text.length;) {
    const point = text.codePointAt(i) ?? 0
    const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    for (let k = 0; k < bytes; k += 1) offsets.push(i)
    i += point > 0xffff ? 2 : 1
  }
  return (bytes) => offsets[bytes] ?? text.length
}
