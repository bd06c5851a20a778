import type { Call } from './api-under-test.ts'

export interface HeardEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: unknown
}

/** A client of server-sent events, as a browser is one. */
export interface Listener extends AsyncDisposable {
  /** Events that were heard. */
  readonly events: number
  /** Comments that were heard. */
  readonly comments: number
  /** The next event; it has to be of that kind. */
  next(event?: string): Promise<HeardEvent>
  /** Whether the server closes it now. */
  ended(): Promise<boolean>
}

export async function listen(call: Call, path: string, lastEventId?: string): Promise<Listener> {
  const leave = new AbortController()
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const answer = await call(path, { headers, signal: leave.signal })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  const reader = answer
    .body!.pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>
  let [rest, events, comments] = ['', 0, 0]
  const block = async (): Promise<string | undefined> => {
    for (;;) {
      const end = rest.indexOf('\n\n')
      if (end >= 0) {
        const found = rest.slice(0, end)
        rest = rest.slice(end + 2)
        return found
      }
      const { done, value } = await reader.read()
      if (done) return undefined
      rest += value
    }
  }
  return {
    get events() {
      return events
    },
    get comments() {
      return comments
    },
    async next(event) {
      for (;;) {
        const text = await block()
        if (text === undefined) throw new Error('the stream has ended')
        const fields = new Map(
          text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
        )
        if (fields.has('')) comments += 1
        const data = fields.get('data')
        if (data === undefined) continue
        events += 1
        const heard = {
          id: fields.get('id'),
          event: fields.get('event') ?? 'message',
          data: JSON.parse(data) as unknown,
        }
        if (event !== undefined && heard.event !== event) throw new Error(`${heard.event} came, not ${event}`)
        return heard
      }
    },
    async ended() {
      return (await block()) === undefined
    },
    async [Symbol.asyncDispose]() {
      leave.abort()
      await reader.cancel().catch(() => undefined)
    },
  }
}
