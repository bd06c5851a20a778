import type { ClientTrial } from '../judge/client-trial.ts'
import type { RecordedStatement } from '../recording/recording.ts'
import { mayBindSettingName } from '../recording/setting-names.ts'
import { cstringAt, decodeBindTexts } from '../wire/decode.ts'
import { frontend, largestBodyBytes } from '../wire/message-types.ts'

export interface MessageReaderOptions {
  /** SQL bytes that are kept of a statement. */
  readonly maxSqlBytes: number
  readonly trial: ClientTrial | undefined
  /** SQL and bound values in which names of custom settings may be. */
  readonly onSettingNames: (sql: string | undefined, values: readonly string[]) => void
  readonly onStatement: (statement: RecordedStatement) => void
}

/**
 * Looks into a client's messages while they pass, as far as they are recorded and judged: the SQL of a Query and a Parse,
 * the name in a Bind, and its values where the name of a setting may be among them. Rows and COPY data are never looked into.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions
  #watchBinds = false
  #alwaysWatchBinds = false
  /** What has come so far of a message that is looked into. */
  #captured: Buffer[] | undefined
  #capturedBytes = 0
  #limit = 0

  constructor(options: MessageReaderOptions) {
    this.#options = options
  }

  /** True while the parts of a message are wanted. */
  get isCapturing(): boolean {
    return this.#captured !== undefined
  }

  /** A message begins at `offset` of a chunk. `isWhole`: all of it is wanted, whatever it is. */
  begin(type: number, bodyLength: number, chunk: Buffer, offset: number, isWhole: boolean): void {
    if (isWhole) {
      this.#capture(largestBodyBytes)
      return
    }
    if (!this.#isLookedInto(type, chunk, offset)) {
      this.#unseen(type)
      return
    }
    const limit = this.#limitOf(type)
    if (chunk.length - offset < bodyLength) {
      this.#capture(limit)
      return
    }
    const kept = Math.min(bodyLength, limit)
    this.#record(type, chunk.subarray(offset, offset + kept), kept < bodyLength)
  }

  /** More of the message. */
  add(part: Buffer): void {
    const room = this.#limit - this.#capturedBytes
    if (room <= 0) return
    this.#captured?.push(part.subarray(0, room))
    this.#capturedBytes += Math.min(part.length, room)
  }

  /** The message ends; answers what was captured of its body. */
  end(type: number, bodyLength: number): Buffer | undefined {
    if (!this.#captured) return undefined
    const body = Buffer.concat(this.#captured)
    this.#captured = undefined
    if (this.#isLookedInto(type, body, 0)) this.#record(type, body, body.length < bodyLength)
    else this.#unseen(type)
    return body
  }

  /** The transaction is over: the unnamed statement is nobody's any more. */
  forgetTransaction(): void {
    this.#watchBinds = false
  }

  /** The client is gone. */
  close(): void {
    this.#captured = undefined
  }

  #capture(limit: number): void {
    this.#captured = []
    this.#capturedBytes = 0
    this.#limit = limit
  }

  #unseen(type: number): void {
    if (type === frontend.bind) this.#options.trial?.watch.bind('', '', [])
  }

  #limitOf(type: number): number {
    return type === frontend.bind ? 65_536 : Math.max(65_536, this.#options.maxSqlBytes)
  }

  #isLookedInto(type: number, chunk: Buffer, offset: number): boolean {
    switch (type) {
      case frontend.query:
      case frontend.parse:
      case frontend.functionCall:
      case frontend.copyFail:
        return true
      case frontend.describe:
      case frontend.close:
        return chunk.length - offset < 2 || chunk[offset + 1] !== 0
      case frontend.bind:
        // Two zero bytes: the unnamed portal of the unnamed statement.
        return (
          this.#watchBinds ||
          this.#alwaysWatchBinds ||
          chunk.length - offset < 2 ||
          chunk[offset] !== 0 ||
          chunk[offset + 1] !== 0
        )
      default:
        return false
    }
  }

  #record(type: number, body: Buffer, isCut: boolean): void {
    let statement: RecordedStatement | undefined
    try {
      statement = this.#read(type, body, isCut)
    } catch {
      // Malformed: PostgreSQL will say so.
      return
    }
    if (statement) this.#options.onStatement(statement)
  }

  #read(type: number, body: Buffer, isCut: boolean): RecordedStatement | undefined {
    const at = Date.now()
    const { trial, onSettingNames } = this.#options
    switch (type) {
      case frontend.query: {
        const sql = this.#text(body, 0, isCut)
        onSettingNames(sql, [])
        trial?.watch.query(sql)
        return { at, kind: 'query', sql: this.#short(sql), statementName: undefined }
      }
      case frontend.parse: {
        const name = cstringAt(body, 0)
        const sql = this.#text(body, name.next, isCut)
        onSettingNames(sql, [])
        this.#watchBinds = mayBindSettingName(sql)
        if (this.#watchBinds && name.text !== '') this.#alwaysWatchBinds = true
        trial?.watch.parse(name.text, sql)
        return { at, kind: 'parse', sql: this.#short(sql), statementName: name.text || undefined }
      }
      case frontend.bind: {
        const portal = cstringAt(body, 0)
        const { text: statementName } = cstringAt(body, portal.next)
        const isWatched = (this.#watchBinds || this.#alwaysWatchBinds) && !isCut
        const values = isWatched ? decodeBindTexts(body) : []
        if (isWatched) onSettingNames(undefined, values)
        trial?.watch.bind(portal.text, statementName, values)
        return statementName === '' ? undefined : { at, kind: 'bind', sql: undefined, statementName }
      }
      case frontend.describe:
      case frontend.close: {
        const { text: statementName } = cstringAt(body, 1)
        if (body[0] !== 0x53 || statementName === '') return undefined
        if (type === frontend.close) trial?.watch.close(statementName)
        else trial?.watch.describe(statementName)
        return { at, kind: type === frontend.close ? 'close' : 'describe', sql: undefined, statementName }
      }
      case frontend.functionCall:
        return { at, kind: 'function-call', sql: undefined, statementName: undefined }
      case frontend.copyFail:
        trial?.watch.copyFailed(this.#text(body, 0, isCut))
        return undefined
      default:
        return undefined
    }
  }

  #text(body: Buffer, offset: number, isCut: boolean): string {
    const end = body.indexOf(0, offset)
    return body.toString('utf8', offset, end === -1 || (isCut && end > body.length) ? body.length : end)
  }

  #short(sql: string): string {
    const { maxSqlBytes } = this.#options
    return sql.length > maxSqlBytes ? sql.slice(0, maxSqlBytes) : sql
  }
}
