import type { Batch, BatchProgress } from '../batch.ts'

/** Computes from the counts and the time that went into them how far a batch is. */
export function progressOf({
  id,
  state,
  counts,
  activeMs,
}: Pick<Batch, 'id' | 'state' | 'counts'> & { readonly activeMs: number | null }): BatchProgress {
  const ended = counts.succeeded + counts.failed + counts.cancelled
  const elapsedMs = activeMs === null ? null : Math.max(0, Math.round(activeMs))
  const itemsPerSecond = elapsedMs !== null && elapsedMs > 0 ? ((ended - counts.cancelled) * 1_000) / elapsedMs : null
  const etaMs =
    state === 'running' && itemsPerSecond !== null && itemsPerSecond > 0
      ? Math.round(((counts.total - ended) / itemsPerSecond) * 1_000)
      : null
  return {
    id,
    state,
    counts,
    progress: counts.total === 0 ? 0 : ended / counts.total,
    elapsedMs,
    itemsPerSecond,
    etaMs,
  }
}
