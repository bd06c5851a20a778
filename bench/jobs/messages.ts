/** What the benchmark tells its worker process. */
export interface WorkerOrder {
  /** `count`: say so when that many further jobs are done. */
  readonly order: 'count' | 'measure' | 'stop'
  readonly count?: number
}

/** What a worker process of the benchmark says. */
export type WorkerMessage =
  | { readonly said: 'ready' }
  | { readonly said: 'counted'; readonly count: number }
  /** Bytes, after a garbage collection. */
  | { readonly said: 'measured'; readonly rss: number; readonly heapUsed: number }
