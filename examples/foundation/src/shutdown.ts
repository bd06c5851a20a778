import { within } from './clock.ts'
import { explain } from './service-error.ts'
import type { Logger } from './logging.ts'

export interface ShutdownOptions {
  readonly logger: Logger
  /** How long all steps together may take; then the process ends anyway, with code 1. Default 30,000. */
  readonly limitMs?: number
  /** Default `SIGTERM`, `SIGINT`, `SIGHUP`. */
  readonly signals?: readonly NodeJS.Signals[]
}

/** Ends a process in order: the last thing that was opened is closed first. */
export interface Shutdown {
  /** Fires when the end begins. */
  readonly signal: AbortSignal
  /** Adds a step; steps run last in, first out, each once. */
  add(name: string, step: () => Promise<void>): void
  /** Begins the end, as a signal does. Resolves when all steps ran; may be called more than once. */
  end(reason: string): Promise<void>
}

/**
 * Listens for the signals that ask the process to end, and runs the steps when one comes.
 *
 * A second signal ends the process at once. When the steps are done the process ends by itself, for nothing keeps it.
 */
export function onShutdown({
  logger,
  limitMs = 30_000,
  signals = ['SIGTERM', 'SIGINT', 'SIGHUP'],
}: ShutdownOptions): Shutdown {
  const controller = new AbortController()
  const steps: { readonly name: string; readonly step: () => Promise<void> }[] = []
  let ending: Promise<void> | undefined

  const runSteps = async (): Promise<void> => {
    for (let next = steps.pop(); next; next = steps.pop()) {
      try {
        await next.step()
      } catch (error) {
        process.exitCode = 1
        logger.error({ err: error }, `shutting down: ${next.name} failed: ${explain(error)}`)
      }
    }
  }
  const end = (reason: string): Promise<void> =>
    (ending ??= (async () => {
      logger.info(`shutting down: ${reason}`)
      controller.abort(new Error(`shutting down: ${reason}`))
      try {
        const done = await within(
          limitMs,
          runSteps().then(() => true),
        )
        if (done) return
        logger.error(`shutting down took longer than ${limitMs} ms`)
        process.exit(1)
      } finally {
        for (const name of signals) process.removeListener(name, onSignal)
      }
    })())
  const onSignal = (name: NodeJS.Signals): void => {
    if (ending) process.exit(1)
    void end(name)
  }
  for (const name of signals) process.on(name, onSignal)
  return { signal: controller.signal, add: (name, step) => void steps.push({ name, step }), end }
}
