import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { wait } from '@pooler-safe/example-foundation'
import { z } from 'zod'
import { LaunchError } from './launch-error.ts'

const keptSchema = z.object({
  /** Where the demo was: the data name it. */
  worldPort: z.number().optional(),
  placesPort: z.number().optional(),
  /** With what browsers are signed in. */
  token: z.string().optional(),
})

/** What is remembered from one run to the next, so that addresses in the data still lead somewhere. */
export type Kept = z.infer<typeof keptSchema>

/** The directory with the data of one instance. While it is open no other process opens it. */
export interface DataDirectory extends Disposable {
  readonly path: string
  /** Where PostgreSQL keeps its cluster. */
  readonly cluster: string
  readonly kept: Kept
  /** Changes what is kept. */
  keep(changed: Kept): void
}

const settlingMs = 20_000

/**
 * Takes the directory for this process. A server of an earlier run that was killed is given time to end.
 *
 * @throws LaunchError when another process has it, or it cannot be written
 */
export async function openDataDirectory(path: string, signal: AbortSignal): Promise<DataDirectory> {
  const lockFile = join(path, 'lock')
  try {
    mkdirSync(path, { recursive: true })
    takeLock(lockFile, path)
  } catch (error) {
    if (error instanceof LaunchError) throw error
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new LaunchError(`${path} cannot be written (${code}): give another directory with --data-dir.`)
  }
  const dispose = (): void => rmSync(lockFile, { force: true })
  try {
    const cluster = join(path, 'postgres')
    await untilServerEnded(cluster, signal)
    const file = join(path, 'instance.json')
    let kept = readKept(file)
    return {
      path,
      cluster,
      get kept() {
        return kept
      },
      keep(changed) {
        kept = { ...kept, ...changed }
        // As a whole or not at all, and for nobody else's eyes.
        writeFileSync(`${file}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600 })
        renameSync(`${file}.new`, file)
      },
      [Symbol.dispose]: dispose,
    }
  } catch (error) {
    dispose()
    throw error
  }
}

function takeLock(file: string, path: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error
    }
    const owner = readPid(file)
    if (owner !== undefined && owner !== process.pid && isAlive(owner, /node/)) {
      throw new LaunchError(
        `${path} is in use by another running instance (process ${owner}): stop that one, or give another directory with --data-dir.`,
      )
    }
    rmSync(file, { force: true })
  }
}

async function untilServerEnded(cluster: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + settlingMs
  for (;;) {
    const pid = readPid(join(cluster, 'postmaster.pid'))
    if (pid === undefined || !isAlive(pid, /postgres|postmaster/)) return
    if (performance.now() > deadline) {
      throw new LaunchError(
        `A PostgreSQL (process ${pid}) still runs on ${cluster}: stop it, or give another directory with --data-dir.`,
      )
    }
    if (!(await wait(100, signal))) throw signal.reason
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

/** Whether that process is there and, where that can be told, is what it was: numbers are given again. */
function isAlive(pid: number, program: RegExp): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (process.platform !== 'linux') return true
  try {
    return program.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return false
  }
}

function readKept(file: string): Kept {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}
