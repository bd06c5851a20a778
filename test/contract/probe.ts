import { send, type Answer, type RawClient } from '../../packages/testkit/test/raw-client.ts'

/** What a probe has to work with: one pooler with two backends, and the server behind it. */
export interface ProbeContext {
  /** The pooled URL of a user and database of this run. */
  readonly url: string
  readonly directUrl: string
  /** A client that is closed when the probe is over. */
  connect(parameters?: Record<string, string>, url?: string): Promise<RawClient>
}

/** One question to a pooler, and how its answer is written down. */
export interface Probe {
  readonly name: string
  /** For readers of the table. */
  readonly asks: string
  run(context: ProbeContext): Promise<string>
}

export const backends = 2

/** How long an answer may take before it counts as a hang. */
export const hangMs = 1_500

/** An error as `ERROR 26000: text`, with names that differ from run to run left out. */
export function describe(answer: Answer): string {
  const [error] = answer.errors
  return error ? normalise(`${error.severity} ${error.code}: ${error.message}`) : 'ok'
}

/** Texts without what differs from run to run. */
export function normalise(text: string): string {
  return text.replaceAll(/ps_[a-z0-9_]+/g, 'DB').replaceAll(/\bc[0-9a-f]{6,}:/g, 'c:')
}

/** The answer, or `hangs`, or the FATAL error that came before the socket was closed. */
export async function outcome(client: RawClient, work: Promise<Answer>): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'hangs'>((resolve) => (timer = setTimeout(() => resolve('hangs'), hangMs)))
  try {
    const answer = await Promise.race([work, late])
    return answer === 'hangs' ? answer : describe(answer)
  } catch {
    const errors = await client.closed
    const [fatal] = errors
    return fatal ? `${normalise(`${fatal.severity} ${fatal.code}: ${fatal.message}`)}, closed` : 'closed'
  } finally {
    clearTimeout(timer)
  }
}

export const ask = (client: RawClient, ...parts: readonly Buffer[]): Promise<string> =>
  outcome(client, client.ask(...parts))

/** The outcome of logging in. */
export async function loginOutcome(connecting: Promise<RawClient>): Promise<string | RawClient> {
  try {
    return await connecting
  } catch (error) {
    return normalise((error as Error).message).replace(/^The server at .* closed the connection.*$/, 'closed')
  }
}

/** Takes every backend of the pool with a transaction each, asks each one, and lets go. */
export async function onEveryBackend<T>(context: ProbeContext, look: (client: RawClient) => Promise<T>): Promise<T[]> {
  const clients = await Promise.all(Array.from({ length: backends }, () => context.connect()))
  for (const client of clients) await client.ask(send.query('begin'))
  const seen: T[] = []
  for (const client of clients) seen.push(await look(client))
  for (const client of clients) if (!client.socket.destroyed) await client.end()
  return seen
}

/** Holds the backend with this process id in a transaction of somebody else, so that nobody gets it. */
export async function occupy(context: ProbeContext, pid: string): Promise<RawClient> {
  const clients = await Promise.all(Array.from({ length: backends }, () => context.connect()))
  let holder: RawClient | undefined
  for (const client of clients) {
    await client.ask(send.query('begin'))
    if ((await client.value('select pg_backend_pid()')) === pid) holder = client
  }
  for (const client of clients) if (client !== holder) await client.ask(send.query('rollback'))
  if (!holder) throw new Error(`No backend of the pool has the process id ${pid}.`)
  return holder
}

/** How often each answer came, as `1 × this, 1 × that`. */
export function tally(answers: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([answer, count]) => `${count} × ${answer}`)
    .join('; ')
}
