import { TestkitError } from '../testkit-error.ts'
import { frontend } from '../wire/message-types.ts'

/** What can happen to a client or its backend. */
export type Disturbance =
  /** PostgreSQL ends the backend, as an administrator's `pg_terminate_backend` does. */
  | { readonly action: 'kill-backend' }
  /** The connection to the backend is gone without a word. */
  | { readonly action: 'cut-backend' }
  /** The client's connection is reset. */
  | { readonly action: 'cut-client' }
  /** Nothing of this client is passed on for a while. */
  | { readonly action: 'stall'; readonly ms: number }
  /** From now on every byte of this client travels alone. */
  | { readonly action: 'split-frames' }
  /** From now on each message of this client is on its way that long. */
  | { readonly action: 'slow-link'; readonly ms: number }
  /** Nobody may log in for a while. */
  | { readonly action: 'refuse-logins'; readonly ms: number }
  /** Nobody of this client's user and database gets a backend for a while. */
  | { readonly action: 'exhaust-pool'; readonly ms: number }
  /** All client connections and backends are closed at once; who comes afterwards is served. */
  | { readonly action: 'restart-pooler' }

/** Disturbances that reach more than one client. */
export type PoolerDisturbance = Extract<Disturbance, { action: 'refuse-logins' | 'exhaust-pool' | 'restart-pooler' }>

type MessageName = 'message' | Exclude<keyof typeof frontend, 'password' | 'terminate'>

/** One rule: at which message of whom what happens. It happens once for each client that it fits. */
export interface ChaosRule {
  readonly when: 'before' | 'after'
  /** Counts from 1. */
  readonly nth: number
  /** `message` for any. */
  readonly message: MessageName
  /** An `application_name`, the number of a client connection, or undefined for every client. */
  readonly client: string | number | undefined
  readonly disturbance: Disturbance
}

/** Disturbances at random messages, the same for the same seed and the same requests. */
export interface RandomChaos {
  /** How many messages there are for each disturbance, on average. */
  readonly every: number
  /** What may happen; one is picked each time. */
  readonly disturbances: readonly Disturbance[]
}

const sentence =
  /^(before|after) the (\d+)(?:st|nd|rd|th) (\w+) of (?:client (\S.*?)|(any) client), (kill its backend|cut its backend|cut the client|split its frames|restart the pooler|(?:stall it for|slow it down by|refuse log-ins for|exhaust the pool for) (\d+) ms)$/

const example = 'after the 2nd Execute of client A, kill its backend'

/** Disturbances that last, by the first word of their sentence. */
const timed: Readonly<Record<string, 'stall' | 'slow-link' | 'refuse-logins' | 'exhaust-pool'>> = {
  stall: 'stall',
  slow: 'slow-link',
  refuse: 'refuse-logins',
  exhaust: 'exhaust-pool',
}

function disturbanceOf(text: string, ms: string | undefined): Disturbance {
  switch (text) {
    case 'kill its backend':
      return { action: 'kill-backend' }
    case 'cut its backend':
      return { action: 'cut-backend' }
    case 'cut the client':
      return { action: 'cut-client' }
    case 'split its frames':
      return { action: 'split-frames' }
    case 'restart the pooler':
      return { action: 'restart-pooler' }
    default:
      return { action: timed[text.slice(0, text.indexOf(' '))] ?? 'stall', ms: Number(ms) }
  }
}

function messageOf(text: string): MessageName | undefined {
  const name = text.charAt(0).toLowerCase() + text.slice(1)
  if (name === 'message') return name
  return name in frontend && name !== 'password' && name !== 'terminate' ? (name as MessageName) : undefined
}

/**
 * Reads a rule in words: `after the 2nd Execute of client A, kill its backend`. Messages have their names in PostgreSQL's
 * protocol (Query, Parse, Bind, Execute, Sync, CopyData, …; `message` for any), clients their `application_name` or their
 * number. Throws `invalid-option` for anything else.
 */
export function parseChaosRule(text: string): ChaosRule {
  const match = sentence.exec(text)
  const [, when = '', nth = '', messageName = '', client, , what = '', ms] = match ?? []
  const message = messageOf(messageName)
  if (!match || !message || Number(nth) < 1) {
    throw new TestkitError('invalid-option', `This rule of chaos cannot be read: ${text}`, {
      hint: `Write it like "${example}".`,
    })
  }
  return {
    when: when === 'before' ? 'before' : 'after',
    nth: Number(nth),
    message,
    client: client !== undefined && /^\d+$/.test(client) ? Number(client) : client,
    disturbance: disturbanceOf(what, ms),
  }
}

/** Whether a message of this type is one that a rule counts. */
export function countsMessage({ message }: ChaosRule, type: number): boolean {
  return message === 'message' || frontend[message] === type
}
