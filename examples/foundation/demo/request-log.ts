import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request as a demo server saw it. */
export interface DemoRequest {
  readonly host: string
  readonly method: string
  /** With query. */
  readonly path: string
  readonly userAgent: string
  /** `performance.now()` of this process. */
  readonly atMs: number
}

/** What was asked of the demo world, seen from its side. */
export class RequestLog {
  readonly #requests: DemoRequest[] = []
  readonly #active = new Map<string, number>()
  readonly #most = new Map<string, number>()
  readonly #limit: number

  /** Keeps the last `limit` requests. */
  constructor(limit = 100_000) {
    this.#limit = limit
  }

  /** In order of arrival, of one host or of all. */
  list(host?: string): readonly DemoRequest[] {
    return host === undefined ? [...this.#requests] : this.#requests.filter((one) => one.host === host)
  }

  paths(host: string): readonly string[] {
    return this.list(host).map(({ path }) => path)
  }

  /** The most requests that were under way at a host at one time. */
  mostAtOnce(host: string): number {
    return this.#most.get(host) ?? 0
  }

  clear(): void {
    this.#requests.length = 0
    this.#most.clear()
  }

  /** Counts a request from its arrival to the end of its answer. */
  enter(host: string, request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request
    this.#requests.push({ host, method, path: url, userAgent: headers['user-agent'] ?? '', atMs: performance.now() })
    if (this.#requests.length > this.#limit) this.#requests.shift()
    const active = (this.#active.get(host) ?? 0) + 1
    this.#active.set(host, active)
    this.#most.set(host, Math.max(active, this.mostAtOnce(host)))
    response.once('close', () => this.#active.set(host, (this.#active.get(host) ?? 1) - 1))
  }
}
