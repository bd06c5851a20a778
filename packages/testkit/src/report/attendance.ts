import type { ReportedBackend, ReportedClient } from './report.ts'

/** Entries that are kept; the first come first. */
const mostKept = 20_000

type Open<T extends { readonly closedAt: number | undefined }> = Omit<T, 'closedAt'> & { closedAt: number | undefined }

/** Who was there in a run, and when: client connections and backends. */
export class Attendance {
  readonly startedAt = Date.now()
  readonly #clients = new Map<number, Open<ReportedClient>>()
  readonly #backends: Open<ReportedBackend>[] = []

  get clients(): ReportedClient[] {
    return [...this.#clients.values()]
  }

  get backends(): ReportedBackend[] {
    return [...this.#backends]
  }

  clientCame(client: Omit<ReportedClient, 'connectedAt' | 'closedAt'>): void {
    if (this.#clients.size >= mostKept) return
    this.#clients.set(client.id, { ...client, connectedAt: Date.now(), closedAt: undefined })
  }

  clientLeft(id: number): void {
    const known = this.#clients.get(id)
    if (known) known.closedAt = Date.now()
  }

  backendOpened(backend: Omit<ReportedBackend, 'openedAt' | 'closedAt'>): void {
    if (this.#backends.length < mostKept) this.#backends.push({ ...backend, openedAt: Date.now(), closedAt: undefined })
  }

  backendClosed(pid: number): void {
    const known = this.#backends.findLast((one) => one.pid === pid)
    if (known) known.closedAt = Date.now()
  }
}
