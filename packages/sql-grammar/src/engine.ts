import { instantiate, type Host } from './host.ts'
import { compileParser } from './wasm.ts'
import type { WasmModule } from './web-assembly.ts'

/** A text beyond this many UTF-16 units is not given to the grammar: deep expressions exhaust its stack. */
export const longestText = 64 * 1024

/** PostgreSQL refuses the text. */
export class SqlSyntaxError extends Error {
  override readonly name = 'SqlSyntaxError'
  /** Where in the text, as a UTF-16 offset. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** The text cannot be given to the grammar, or the grammar cannot cope with it. It may be valid SQL. */
export class GrammarUnavailable extends Error {
  override readonly name = 'GrammarUnavailable'
  readonly reason: 'too-long' | 'nul' | 'too-deep'

  constructor(reason: 'too-long' | 'nul' | 'too-deep', message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

let compiled: WasmModule | undefined
let instance: Host | undefined

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Runs `use` with the parser and the text in its memory. `use` returns what PostgreSQL says against the text; whatever
 * it throws leaves the parser in an unknown state (after some thirty stack overflows it answers nothing but nonsense),
 * so the instance is thrown away and the next call gets a new one.
 */
function withText(text: string, use: (host: Host, pointer: number) => string | SqlSyntaxError): string {
  if (text.length > longestText) {
    throw new GrammarUnavailable('too-long', `The text has more than ${longestText} characters.`)
  }
  // C strings end at the first NUL: the parser would silently see only what is before it.
  if (text.includes('\0')) throw new GrammarUnavailable('nul', 'The text contains a NUL character.')
  compiled ??= compileParser()
  const host = (instance ??= instantiate(compiled))
  let answer: string | SqlSyntaxError
  try {
    const bytes = encoder.encode(text)
    const pointer = host.malloc(bytes.length + 1)
    const heap = new Uint8Array(host.memory.buffer)
    heap.set(bytes, pointer)
    heap[pointer + bytes.length] = 0
    answer = use(host, pointer)
    host.free(pointer)
  } catch (error) {
    instance = undefined
    throw new GrammarUnavailable('too-deep', 'The text is nested too deeply for the grammar.', { cause: error })
  }
  if (typeof answer !== 'string') throw answer
  return answer
}

function readString(host: Host, pointer: number): string {
  const heap = new Uint8Array(host.memory.buffer)
  return decoder.decode(heap.subarray(pointer, heap.indexOf(0, pointer)))
}

/** The parse tree of a text as libpg-query's JSON. Throws `SqlSyntaxError` or `GrammarUnavailable`. */
export function parseToJson(text: string): string {
  return withText(text, (host, pointer) => {
    const result = host.parse(pointer)
    const view = new DataView(host.memory.buffer)
    // struct { char *parse_tree; char *stderr_buffer; PgQueryError *error; }
    const error = view.getInt32(result + 8, true)
    let answer: string | SqlSyntaxError
    if (error !== 0) {
      // struct { char *message; char *funcname; char *filename; int lineno; int cursorpos; }
      const position = view.getInt32(error + 16, true)
      answer = new SqlSyntaxError(
        readString(host, view.getInt32(error, true)),
        codePointOffset(text, Math.max(0, position - 1)),
      )
    } else {
      answer = readString(host, view.getInt32(result, true))
    }
    host.freeParseResult(result)
    return answer
  })
}

/** `create function … language plpgsql` or a `do` block, parsed by PL/pgSQL's own parser; its JSON. */
export function parsePlpgsqlToJson(text: string): string {
  return withText(text, (host, pointer) => {
    const answer = takeString(host, host.parsePlpgsql(pointer))
    return answer.startsWith('{') ? answer : new SqlSyntaxError(answer, 0)
  })
}

/**
 * A hash that is equal for texts that differ only in constants, blanks, comments and the length of value lists.
 * Throws like `parseSql`.
 */
export function fingerprint(text: string): string {
  return withText(text, (host, pointer) => {
    const answer = takeString(host, host.fingerprint(pointer))
    return /^[0-9a-f]+$/.test(answer) ? answer : new SqlSyntaxError(answer, 0)
  })
}

function takeString(host: Host, pointer: number): string {
  const text = readString(host, pointer)
  host.freeString(pointer)
  return text
}

/** PostgreSQL counts error positions in characters (code points). */
function codePointOffset(text: string, points: number): number {
  let offset = 0
  for (let i = 0; i < points && offset < text.length; i += 1) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  }
  return offset
}
