import { backend, frontend } from '../wire/message-types.ts'

/** What to do with the next message of a client. */
export type Judgement =
  /** Send it to the backend. */
  | 'forward'
  /** Not yet: an answer is due first. */
  | 'hold'
  /** Not yet, and the backend must be made to say what it has: send Flush. */
  | 'flush-and-hold'
  /** A backend would ignore it here. */
  | 'drop'

type State =
  /** Nothing is outstanding. */
  | 'idle'
  /** Extended messages were sent and their Sync was not. */
  | 'open'
  /** A Query or FunctionCall was sent; its ReadyForQuery is due. */
  | 'query'
  /** A Sync was sent; its ReadyForQuery is due. */
  | 'sync'

/**
 * Follows one client's requests on one backend, so that at most one ReadyForQuery is due at a time.
 *
 * A client may pipeline as it likes; what it sends after a Sync or Query is held until that request is answered. So the
 * pooler knows without guessing when a backend is free, and several Syncs in flight become several transactions on
 * several backends, which is what a transaction-mode pooler is allowed to make of them.
 *
 * The exceptions are PostgreSQL's own (protocol chapter, "COPY Operations" and "Extended Query"): while it reads COPY
 * data it ignores Sync and Flush and hangs up at anything else; after an error in an extended query it skips everything
 * up to the Sync.
 */
export class RequestWindow {
  #state: State = 'idle'
  /** The backend skips to the next Sync. */
  #skipping = false
  /** The backend reads COPY data, unless an error of it is on its way to us. */
  #copyIn = false
  /** COPY data were sent in this request. */
  #dataSent = false
  /** Executes of this extended query that were sent and answered. */
  #executesSent = 0
  #executesAnswered = 0
  /** CopyDone and CopyFail that were sent before the backend said that it wants data, by the number of the Execute before. */
  readonly #copyEnds = new Map<number, number>()
  /** Extended messages that have not been answered. */
  #unanswered = 0
  #flushed = false
  /** What was sent in the middle of a Query's COPY: if that had failed already it is the next request, else the end. */
  #ahead: 'query' | 'open' | undefined
  /** Syncs that were sent among COPY data: answered if the COPY had failed already, else ignored. */
  #doubtfulSyncs = 0
  #copyFailed = false

  /** True when no answer is due and nothing was sent without Sync. */
  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  /** True when a request was sent whole, and its ReadyForQuery is due. */
  get isAnswerDue(): boolean {
    return this.#state === 'sync' || (this.#state === 'query' && !this.#copyIn)
  }

  /** True when extended messages were sent without their Sync, and no COPY is under way. */
  get needsSync(): boolean {
    return this.#state === 'open' && !this.#copyIn
  }

  /** True when the backend reads COPY data. */
  get isCopying(): boolean {
    return this.#copyIn
  }

  /** True when it cannot be told how many ReadyForQuery are still to come: nobody may use such a backend any more. */
  get isDoubtful(): boolean {
    return this.#copyFailed && this.#doubtfulSyncs > 0
  }

  /** True when a Query is held until the extended messages before it are answered. */
  get waitsForAnswers(): boolean {
    return this.#flushed
  }

  /** Judges a message by its type; call `sent` when it is forwarded. */
  judge(type: number): Judgement {
    if (this.#ahead) return 'hold'
    switch (type) {
      case frontend.copyData:
      case frontend.copyDone:
      case frontend.copyFail:
        if (this.#state === 'idle') return 'drop'
        // Whether the Sync before it counts is known when the backend has said if it wants data.
        return this.#state === 'sync' ? 'hold' : 'forward'
      case frontend.flush:
        if (this.#state === 'idle') return 'drop'
        return this.#state === 'open' || this.#copyIn ? 'forward' : 'hold'
      case frontend.query:
      case frontend.functionCall:
        if (this.#state === 'open') return this.#judgeMixedQuery()
        return this.#state === 'idle' || this.#copyIn ? 'forward' : 'hold'
      default:
        return this.#state === 'idle' || this.#state === 'open' || this.#copyIn ? 'forward' : 'hold'
    }
  }

  /** Notes that a message was forwarded. */
  sent(type: number): void {
    switch (type) {
      case frontend.copyData:
        this.#dataSent = true
        return
      case frontend.copyDone:
      case frontend.copyFail:
        if (this.#copyIn) this.#copyIn = false
        else this.#copyEnds.set(this.#executesSent, (this.#copyEnds.get(this.#executesSent) ?? 0) + 1)
        return
      case frontend.flush:
        return
      case frontend.query:
      case frontend.functionCall:
        // A Query ends neither skipping nor a COPY that belongs to an extended query.
        if (this.#state === 'open' && (this.#skipping || this.#copyIn)) return
        if (this.#copyIn) this.#ahead = 'query'
        else this.#startQuery()
        return
      case frontend.sync:
        if (!this.#copyIn) this.#state = 'sync'
        else if (this.#dataSent) this.#doubtfulSyncs += 1
        return
      default:
        if (this.#state === 'query') {
          this.#ahead = 'open'
          return
        }
        this.#state = 'open'
        if (this.#skipping) return
        this.#unanswered += 1
        if (type === frontend.execute) this.#executesSent += 1
    }
  }

  /** Notes a message of the backend. */
  received(type: number): void {
    switch (type) {
      case backend.parseComplete:
      case backend.bindComplete:
      case backend.closeComplete:
      case backend.rowDescription:
      case backend.noData:
        if (this.#unanswered > 0) this.#unanswered -= 1
        return
      case backend.commandComplete:
      case backend.emptyQueryResponse:
      case backend.portalSuspended:
        if (this.#unanswered > 0) this.#unanswered -= 1
        if (this.#executesAnswered < this.#executesSent) this.#executesAnswered += 1
        return
      case backend.copyInResponse:
        this.#startCopy()
        return
      case backend.errorResponse:
        if (this.#doubtfulSyncs > 0) this.#copyFailed = true
        this.#copyIn = false
        this.#unanswered = 0
        this.#forgetCopies()
        this.#skipping = this.#state === 'open'
        return
      case backend.readyForQuery:
        this.#ready()
        return
      default:
    }
  }

  /** Forgets everything: the backend was given up. */
  reset(): void {
    this.#ahead = undefined
    this.#ready()
    this.#doubtfulSyncs = 0
    this.#copyFailed = false
  }

  #ready(): void {
    // One of the doubtful Syncs was what ended the skipping.
    if (this.#state === 'open' && this.#doubtfulSyncs > 0) this.#doubtfulSyncs -= 1
    this.#state = this.#ahead ?? 'idle'
    this.#unanswered = this.#ahead === 'open' ? 1 : 0
    this.#ahead = undefined
    this.#skipping = false
    this.#copyIn = false
    this.#dataSent = false
    this.#forgetCopies()
    this.#flushed = false
  }

  #startQuery(): void {
    this.#state = 'query'
    // Whatever came before it was answered; an end of a COPY among it ended nothing.
    this.#forgetCopies()
  }

  #startCopy(): void {
    // A COPY of a Query counts from 0, that of the n-th Execute from n.
    const number = this.#state === 'query' ? 0 : this.#executesAnswered + 1
    const ends = this.#copyEnds.get(number) ?? 0
    if (ends > 0) {
      this.#copyEnds.set(number, ends - 1)
      return
    }
    this.#copyIn = true
    // The Sync that closed this request is read as part of the COPY and ignored.
    if (this.#state === 'sync') this.#state = 'open'
  }

  #forgetCopies(): void {
    this.#executesSent = 0
    this.#executesAnswered = 0
    this.#copyEnds.clear()
  }

  #judgeMixedQuery(): Judgement {
    if (this.#skipping || this.#copyIn || this.#unanswered === 0) return 'forward'
    // Whether this Query runs or is skipped depends on the extended messages before it: wait for their answers.
    if (this.#flushed) return 'hold'
    this.#flushed = true
    return 'flush-and-hold'
  }
}
