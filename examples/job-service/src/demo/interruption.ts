import { Interrupted } from './demo-error.ts'

/** One Ctrl-C can arrive several times: from the terminal, from npm, and from the script that npm runs. */
const sameMs = 1_000

/**
 * Turns the signals that ask a process to end into one `AbortSignal`. Whoever asks again, later, does not want to wait:
 * then `onImpatience` is called.
 */
export function listenForInterruption(onImpatience: () => void): {
  readonly signal: AbortSignal
  readonly interrupt: () => void
  readonly stopListening: () => void
} {
  const controller = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  let first = 0
  const onSignal = (): void => {
    if (controller.signal.aborted && performance.now() - first > sameMs) {
      onImpatience()
      return
    }
    if (controller.signal.aborted) return
    first = performance.now()
    controller.abort(new Interrupted())
  }
  for (const name of signals) process.on(name, onSignal)
  return {
    signal: controller.signal,
    interrupt: onSignal,
    stopListening: () => {
      for (const name of signals) process.removeListener(name, onSignal)
    },
  }
}
