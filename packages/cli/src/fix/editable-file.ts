import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { decode } from '../audit/read-source.ts'

/** A file that can be written back as it was read: encoding, byte order mark and mode stay. */
export interface EditableFile {
  readonly path: string
  /** Without the byte order mark. */
  readonly text: string
  readonly lineEnd: '\n' | '\r\n'
  /** Whether tools that know only bytes and UTF-8 (`git apply`) read it as `text`. */
  readonly isUtf8: boolean
  readonly mark: string
  readonly bytes: Buffer
  encode(text: string): Buffer
}

/** A file was not changed, and why. */
export class NotWritten extends Error {
  override readonly name = 'NotWritten'
}

/** Takes a file's bytes apart. Gives the reason for a file that could not be written back as it was. */
export function editable(path: string, bytes: Buffer): EditableFile | { readonly refused: string } {
  const source = decode(bytes)
  if ('skipped' in source) return { refused: source.skipped }
  const { text } = source
  const format = formatOf(bytes)
  const encode = (changed: string): Buffer => Buffer.concat([format.mark, format.encode(changed)])
  if (!encode(text).equals(bytes)) return { refused: 'its bytes are not the text of any encoding that is written here' }
  const lines = text.split('\n').length - 1
  const isWindows = lines > 0 && text.split('\r\n').length - 1 > lines / 2
  const mark = format.isUtf8 && format.mark.length > 0 ? '\uFEFF' : ''
  return { path, text, bytes, encode, mark, isUtf8: format.isUtf8, lineEnd: isWindows ? '\r\n' : '\n' }
}

interface Format {
  readonly mark: Buffer
  readonly isUtf8: boolean
  readonly encode: (text: string) => Buffer
}

function formatOf(bytes: Buffer): Format {
  const head = bytes.subarray(0, 3)
  if (head[0] === 0xff && head[1] === 0xfe)
    return { mark: bytes.subarray(0, 2), isUtf8: false, encode: (text) => Buffer.from(text, 'utf16le') }
  if (head[0] === 0xfe && head[1] === 0xff)
    return { mark: bytes.subarray(0, 2), isUtf8: false, encode: (text) => Buffer.from(text, 'utf16le').swap16() }
  const mark = head.equals(Buffer.from([0xef, 0xbb, 0xbf])) ? head : Buffer.alloc(0)
  const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { mark, isUtf8: true, encode: utf8 }
  } catch {
    return { mark: Buffer.alloc(0), isUtf8: false, encode: encodeWindows1252 }
  }
}

const questionMark = 0x3f

const windows1252 = new Map(
  Array.from({ length: 256 }, (_, byte) => [new TextDecoder('windows-1252').decode(new Uint8Array([byte])), byte]),
)

function encodeWindows1252(text: string): Buffer {
  // What the encoding has no byte for makes the answer differ from the file, and the file is left alone.
  return Buffer.from(Array.from(text, (sign) => windows1252.get(sign) ?? questionMark))
}

/**
 * Puts a new text in the place of a file in one step: a reader sees the old one or the new one. Throws `NotWritten` when it may not
 * be written or was changed meanwhile.
 */
export function replaceFile(file: EditableFile, text: string): void {
  // The file that a link leads to is meant, not the link.
  const path = realpathSync(file.path)
  const { mode } = statSync(path)
  if ((mode & 0o222) === 0) throw new NotWritten('it is read-only')
  const bytes = file.encode(text)
  const again = editable(path, bytes)
  if ('refused' in again || again.text !== text) throw new NotWritten('its encoding has no sign for the change')
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    accessSync(path, constants.W_OK)
    const handle = openSync(temporary, 'wx', mode & 0o777)
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    // What the process's mask took away.
    chmodSync(temporary, mode & 0o7777)
    if (!readFileSync(path).equals(file.bytes)) throw new NotWritten('it was changed by somebody else meanwhile')
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    if (error instanceof NotWritten) throw error
    throw new NotWritten((error as NodeJS.ErrnoException).code ?? String(error), { cause: error })
  }
}
