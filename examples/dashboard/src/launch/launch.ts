import {
  isForeseen,
  listenForInterruption,
  plural,
  sentenceOf,
  auditSentence,
} from '@pooler-safe/example-job-service/demo'
import type { AuditResult } from '../pooler/monitor.ts'
import type { LaunchOptions } from './options.ts'
import { readResults } from './results.ts'
import { Screen } from './screen.ts'
import { untilWorkEnded } from './seed.ts'
import { setUp, type Stage } from './stage.ts'

const exitCodes = { asExpected: 0, notAsExpected: 1, cannotStart: 2, interrupted: 130 } as const

/** Closing is bounded step by step; this is for what nobody thought of. */
const closeMs = 60_000

/** Starts everything, shows how the first work ended, and stays until it is asked to end. Answers the exit code. */
export async function launch(options: LaunchOptions): Promise<number> {
  const screen = new Screen(process.stdout)
  const stack = new AsyncDisposableStack()
  let stage: Stage | undefined
  let code: number = exitCodes.cannotStart
  const interruption = listenForInterruption(() => {
    stage?.workers.kill()
    process.exit(exitCodes.interrupted)
  })
  // Whoever reads the output, or started this process, has gone away.
  for (const output of [process.stdout, process.stderr]) output.on('error', interruption.interrupt)
  process.once('disconnect', interruption.interrupt)
  try {
    stage = await setUp({ options, screen, signal: interruption.signal, stack })
    code = await run(options, stage, screen, interruption.signal)
  } catch (error) {
    code = interruption.signal.aborted ? interrupted(options) : explainEnd(error, stage !== undefined)
  } finally {
    code = await close(stack, code)
    interruption.stopListening()
    process.removeListener('disconnect', interruption.interrupt)
  }
  return code
}

async function run(options: LaunchOptions, stage: Stage, screen: Screen, signal: AbortSignal): Promise<number> {
  const { platform, tenant, link } = stage
  const progress = progressLines(screen)
  if (!(await untilWorkEnded(platform, tenant, signal, progress))) return interrupted(options)
  const problems = await showEnd(stage, screen)
  if (options.once) return problems.length === 0 ? exitCodes.asExpected : exitCodes.notAsExpected
  screen.link(link)
  screen.line('  The link signs you in as long as this runs. Ctrl-C ends everything; the data stay.')
  await untilAborted(signal)
  screen.line('Ending: running jobs are handed back.')
  return exitCodes.asExpected
}

const progressEveryMs = 2_000

/** Says how far the work is, now and then. */
function progressLines(screen: Screen): (left: number, ended: number) => void {
  let last = performance.now()
  return (left, ended) => {
    if (left === 0 || performance.now() - last < progressEveryMs) return
    last = performance.now()
    screen.named('At work', `${plural(ended, 'job')} ended, ${left} to go`)
  }
}

/** What became of the work, and what it left on the backends. Answers what is not as expected. */
async function showEnd({ platform, tenant, monitor }: Stage, screen: Screen): Promise<string[]> {
  const results = await readResults(platform, tenant)
  for (const { service, lines } of results) screen.named(service, ...lines)
  const audit = await monitor.auditNow()
  screen.named('Backends', audit.failed ?? `${auditSentence(audit.audits)}.`)
  const problems = [...results.flatMap(({ problem }) => problem ?? []), ...dirtOf(audit)]
  for (const problem of problems) screen.named('Problem', problem)
  return problems
}

function dirtOf({ audits, failed }: AuditResult): string[] {
  if (failed !== undefined) return [`The backends could not be asked: ${failed}`]
  return audits.flatMap(({ backendPid, residue }) =>
    residue.map(({ kind, name }) => `Backend ${backendPid} was left with something: ${kind} ${name}.`),
  )
}

/** Whoever runs it to look at it ends it like that; whoever waits for its work did not get it. */
const interrupted = ({ once }: LaunchOptions): number => (once ? exitCodes.interrupted : exitCodes.asExpected)

/** Says why it ended, in one sentence. */
function explainEnd(error: unknown, wasReady: boolean): number {
  if (!isForeseen(error)) throw error
  process.stderr.write(`${sentenceOf(error)}\n`)
  return wasReady ? exitCodes.notAsExpected : exitCodes.cannotStart
}

async function close(stack: AsyncDisposableStack, code: number): Promise<number> {
  const failed = code === 0 ? exitCodes.notAsExpected : code
  const timer = setTimeout(() => {
    process.stderr.write(`Not everything could be closed within ${closeMs / 1_000} s.\n`)
    process.exit(failed)
  }, closeMs)
  try {
    await stack.disposeAsync()
    return code
  } catch (error) {
    process.stderr.write(`Not everything could be closed: ${sentenceOf(error)}\n`)
    return failed
  } finally {
    clearTimeout(timer)
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
