import { fork, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { AuditSummary } from './backend-audits.ts'
import { askControl, startControlServer, type ControlAddress } from './control-server.ts'
import { describeJudgement, type Judgement } from './judgement.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    poolerSafeControl: ControlAddress
  }
}

interface EnvironmentProcess {
  readonly child: ChildProcess
  readonly address: ControlAddress
}

function startProcess(): Promise<EnvironmentProcess> {
  const child = fork(join(import.meta.dirname, 'environment-process.ts'), {
    execArgv: ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning'],
    // Ctrl-C reaches the whole group of the terminal; this process ends when its parent does, not before.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (text: Buffer) => (said += text.toString('utf8')))
  return new Promise((resolve, reject) => {
    child.once('message', (address) => resolve({ child, address: address as ControlAddress }))
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new Error(`The servers of the test run did not start (code ${code ?? 'none'}):\n${said}`)),
    )
  })
}

const cache = join(import.meta.dirname, '../../node_modules/.cache/pooler-safe')

/** For whoever shows the result of a run: the same in JSON. */
function writeJson(name: string, result: AuditSummary | Judgement): void {
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(cache, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
}

/** Set up once for a whole run. Nothing is started before the first test file asks for a database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let running: Promise<EnvironmentProcess> | undefined
  const control = await startControlServer({
    address: async () => (await (running ??= startProcess())).address,
  })
  project.provide('poolerSafeControl', control.address)

  return async () => {
    await control.close()
    const started = await running?.catch(() => undefined)
    if (!started) return
    const { child, address } = started
    const exited = new Promise((resolve) => child.once('exit', resolve))
    let result: { summary: AuditSummary; judgement?: Judgement }
    try {
      result = (await askControl(address, 'finish')) as typeof result
    } finally {
      child.disconnect()
      await exited
    }
    const { summary, judgement } = result
    if (!judgement) writeJson('backend-audit', summary)
    process.stdout.write(
      `\n${summary.text}\nRotating pooler: seed ${summary.seed}, ${summary.transactions} transactions.\n`,
    )
    if (judgement) {
      writeJson('judgement', judgement)
      process.stdout.write(`${describeJudgement(judgement)}\n`)
      const { findings, stale } = judgement
      if (findings.length + stale.length > 0) throw new Error('The judged run has findings that nobody explained.')
    }
    if (summary.dirty > 0) throw new Error(`Tests left session state on ${summary.dirty} backends, see above.`)
  }
}
