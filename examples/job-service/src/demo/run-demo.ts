import { Interrupted, isForeseen, sentenceOf } from './demo-error.ts'
import { listenForInterruption } from './interruption.ts'
import type { DemoOptions } from './options.ts'
import { problemsOf } from './outcome.ts'
import { keptOpen, runJobs } from './run-jobs.ts'
import { setUp, type Stage } from './set-up.ts'
import { outcomeAsJson } from './view/json.ts'
import { report } from './view/report.ts'
import { openView, type View } from './view/terminal.ts'
import { line, span } from './view/text.ts'

const exitCodes = { asExpected: 0, notAsExpected: 1, cannotRun: 2, interrupted: 130 } as const

/** Somebody watches a terminal; a script does not. */
const watchedPaceMs = 100

/** Closing is bounded step by step; this is for what nobody thought of. */
const closeMs = 45_000

/** The demonstration, from its options to the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const view = openView(options.json ? process.stderr : process.stdout)
  let stage: Stage | undefined
  let code: number = exitCodes.cannotRun
  const interruption = listenForInterruption(() => {
    stage?.workers.kill()
    view.close()
    process.exit(exitCodes.interrupted)
  })
  // Whoever reads the output has gone away, as with "| head": there is nobody left to show anything to.
  for (const output of [process.stdout, process.stderr]) output.on('error', interruption.interrupt)
  const stack = new AsyncDisposableStack()
  try {
    code = await perform({ options, view, signal: interruption.signal, stack, onStage: (ready) => (stage = ready) })
  } catch (error) {
    code = explainEnd(error, interruption.signal, view, stage !== undefined)
  } finally {
    code = await close(stack, view, code)
    interruption.stopListening()
  }
  return code
}

interface Performance {
  readonly options: DemoOptions
  readonly view: View
  readonly signal: AbortSignal
  readonly stack: AsyncDisposableStack
  readonly onStage: (stage: Stage) => void
}

async function perform({ options, view, signal, stack, onStage }: Performance): Promise<number> {
  const paceMs = options.paceMs ?? (view.isLive && !options.json ? watchedPaceMs : 0)
  const mishaps: string[] = []
  const onWorkerLost = (sentence: string): void => void mishaps.push(sentence)
  const stage = await setUp({ options, paceMs, view, signal, stack, onWorkerLost })
  onStage(stage)
  const outcome = await runJobs({ stage, paceMs, view, signal, mishaps })
  const problems = problemsOf(outcome)
  if (options.json) {
    view.print([])
    process.stdout.write(`${outcomeAsJson(outcome, problems)}\n`)
  } else view.print(report(outcome, problems, { columns: view.size.columns, all: options.all }))
  const code = problems.length === 0 ? exitCodes.asExpected : exitCodes.notAsExpected
  if (options.keepOpen) {
    view.print([[], ...keptOpen(stage)])
    await untilAborted(signal)
  }
  return code
}

/** Says why it ended, in one sentence. */
function explainEnd(error: unknown, signal: AbortSignal, view: View, wasReady: boolean): number {
  if (signal.aborted || error instanceof Interrupted) {
    view.print([line(span('Interrupted', 'busy'), ': handing back the jobs and closing everything.')])
    return exitCodes.interrupted
  }
  view.print([])
  if (!isForeseen(error)) throw error
  process.stderr.write(`${sentenceOf(error)}\n`)
  return wasReady ? exitCodes.notAsExpected : exitCodes.cannotRun
}

async function close(stack: AsyncDisposableStack, view: View, code: number): Promise<number> {
  const timer = setTimeout(() => {
    process.stderr.write(`Not everything could be closed within ${closeMs / 1_000} s.\n`)
    process.exit(code === 0 ? exitCodes.notAsExpected : code)
  }, closeMs)
  try {
    view.begin('Closing')
    await stack.disposeAsync()
    return code
  } catch (error) {
    process.stderr.write(`Not everything could be closed: ${sentenceOf(error)}\n`)
    return code === 0 ? exitCodes.notAsExpected : code
  } finally {
    clearTimeout(timer)
    view.close()
  }
}

/** The timer keeps the process alive: a promise alone does not. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => undefined, 60_000)
    const done = (): void => {
      clearInterval(timer)
      resolve()
    }
    if (signal.aborted) done()
    else signal.addEventListener('abort', done, { once: true })
  })
}
