import { readFileSync, statSync } from 'node:fs'

/** Longer files are not read. */
export const longestFileBytes = 8 * 1024 * 1024
const longestWrittenLine = 2_000
const shortestBundle = 40_000

/** The text of a file, or why it has none. */
export type Source = { readonly text: string; readonly note?: string } | { readonly skipped: string }

/** Reads a file whatever it holds. Never throws. */
export function readSource(path: string): Source {
  let bytes: Buffer
  try {
    const { size } = statSync(path)
    if (size > longestFileBytes) return { skipped: `not read: ${String(Math.round(size / 1024 / 1024))} MB` }
    bytes = readFileSync(path)
  } catch (error) {
    return { skipped: `not read: ${(error as NodeJS.ErrnoException).code ?? String(error)}` }
  }
  return decode(bytes)
}

/** UTF-8, UTF-16 by its mark, or else Windows-1252, in which every byte means something. */
export function decode(bytes: Uint8Array): Source {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe)
    return { text: new TextDecoder('utf-16le').decode(bytes), note: 'read as UTF-16' }
  if (first === 0xfe && second === 0xff)
    return { text: new TextDecoder('utf-16be').decode(bytes), note: 'read as UTF-16' }
  if (bytes.subarray(0, 8_192).includes(0)) return { skipped: 'not read: binary' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), note: 'not UTF-8: read as Windows-1252' }
  }
}

/** Whether code was written by a bundler: most of it in lines that nobody wrote, dense with braces as data are not. */
export function isBundle(path: string, text: string): boolean {
  if (/[.-]min\.[cm]?js$/.test(path)) return true
  if (text.length < shortestBundle) return false
  let crammed = 0
  let punctuation = 0
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    if (end - start > longestWrittenLine) {
      crammed += end - start
      for (let at = start; at < end; at += 1) {
        const unit = text.charCodeAt(at)
        if (unit === semicolon || unit === openBrace || unit === closeBrace) punctuation += 1
      }
    }
    start = end + 1
  }
  return crammed > text.length / 2 && punctuation > crammed / 100
}

const [semicolon, openBrace, closeBrace] = [';', '{', '}'].map((sign) => sign.charCodeAt(0))
