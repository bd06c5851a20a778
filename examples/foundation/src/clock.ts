/**
 * Waits. Resolves `true` after the time, `false` as soon as the signal fires; never rejects, leaves no timer behind.
 */
export function wait(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const done = (waited: boolean): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupted)
      resolve(waited)
    }
    const interrupted = (): void => done(false)
    const timer = setTimeout(done, ms, true)
    signal?.addEventListener('abort', interrupted, { once: true })
  })
}

/** Resolves with the result, or with `undefined` when it takes longer than `ms`. What runs goes on. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for work that goes on, for others, when this signal fires; then it throws the signal's reason. */
export async function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let interrupted: (() => void) | undefined
  const interruption = new Promise<never>((_resolve, reject) => {
    interrupted = () => reject(signal.reason as Error)
    signal.addEventListener('abort', interrupted, { once: true })
  })
  try {
    return await Promise.race([work, interruption])
  } finally {
    if (interrupted) signal.removeEventListener('abort', interrupted)
  }
}

/** Milliseconds for people: `340 ms`, `4.2 s`, `3 min`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${Math.round(ms / 60_000)} min`
}
