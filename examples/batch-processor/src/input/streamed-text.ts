import { textLines, type InputLine } from './lines.ts'

const longestLine = 1_000_000

/** The lines of a text that comes in parts; a line is in memory, not the text. */
export async function* streamedTextLines(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<InputLine> {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  let before = 0
  for await (const chunk of source) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const end = rest.lastIndexOf('\n') + 1
    if (end === 0) {
      // No line of sites is that long; it will be judged by its beginning.
      if (rest.length > longestLine) rest = rest.slice(0, longestLine)
      continue
    }
    const lines = rest.slice(0, end)
    for (const one of textLines(lines)) yield { ...one, line: one.line + before }
    before += lines.split('\n').length - 1
    rest = rest.slice(end)
  }
  rest += decoder.decode()
  for (const one of textLines(rest)) yield { ...one, line: one.line + before }
}
