/**
 * The process that holds the servers of a test run. It is started when the first test file asks for a database, and ends
 * when the test run does: the channel to its parent closes then, however the parent ended.
 */
import { BackendAudits } from './backend-audits.ts'
import { startControlServer } from './control-server.ts'
import { Databases } from './databases.ts'
import { isJudging, startEnvironment, stopEnvironment } from './environment.ts'
import { expectedViolations } from './expected-violations.ts'
import { judgeRun, type Judgement } from './judgement.ts'

const environment = await startEnvironment()
const databases = new Databases(environment)
const audits = new BackendAudits(environment)
let stopping: Promise<void> | undefined

async function stop(): Promise<void> {
  try {
    await databases.close()
  } finally {
    await stopEnvironment(environment)
  }
}

async function judge(): Promise<Judgement> {
  const { pooler } = environment
  await pooler.settle()
  return judgeRun(pooler.report(), databases.files, expectedViolations)
}

const stopOnce = (): Promise<void> => (stopping ??= stop())

const control = await startControlServer({
  environment: () => {
    const { postgres, pooler, pgbouncer } = environment
    const { url: directUrl, version } = postgres
    return Promise.resolve({
      directUrl,
      version,
      pooledUrl: pooler.url,
      seed: pooler.seed,
      pgbouncerUrl: pgbouncer?.url,
    })
  },
  'create-database': (input) => {
    const { file, template } = input as { file: string; template?: string }
    return databases.create(file, template)
  },
  'release-database': async (input) => {
    const { name } = input as { name: string }
    const dirt = await audits.take(name)
    await databases.drop(name)
    return { dirt }
  },
  template: (input) => databases.template((input as { kind: string }).kind),
  'template-done': (input) => {
    const { kind, ok } = input as { kind: string; ok: boolean }
    databases.templateDone(kind, ok)
    return Promise.resolve()
  },
  finish: async () => {
    const summary = await audits.finish()
    const judgement = isJudging ? await judge() : undefined
    await stopOnce()
    return { summary, judgement }
  },
})

process.once('disconnect', () => {
  void stopOnce().finally(() => process.exit())
})
process.send?.(control.address)
