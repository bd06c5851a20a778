import { startPostgres, startPooler, startPgBouncer, findPgBouncer } from '@pooler-safe/testkit'
import { silentLogger, ensureTenant, createLogger } from '@pooler-safe/example-foundation'
import { JobService, migrateJobService } from '@pooler-safe/example-job-service'
import { createDatabase } from 'pooler-safe'
import { fork } from 'node:child_process'
import { trivialTypes } from '/work/main/bench/jobs-types.ts'
const kind = process.argv[2] ?? 'rotating'
const N = Number(process.argv[3] ?? 5000)
const conc = process.argv[4] ?? '100'
await using pg = await startPostgres({})
await migrateJobService(pg.url, silentLogger())
const pooler = kind === 'direct' ? pg : kind === 'rotating' ? await startPooler({ upstream: pg.url, poolSize: 4, record: false }) : await startPgBouncer({ upstream: pg.url, poolSize: 4 })
const database = createDatabase({ url: pooler.url, max: 4 })
const service = await JobService.open({ database, types: trivialTypes, logger: createLogger({ name: 'q', level: 'warn' }) })
const tenant = await ensureTenant(database, 'bench')
let t = performance.now()
for (let i = 0; i < N; i += 1000) await service.createJobs(database, tenant, Array.from({ length: Math.min(1000, N - i) }, (_, n) => ({ type: 'trivial', payload: { n } })))
console.log('create', Math.round(N / (performance.now() - t) * 1000), '/s')
const child = fork('/work/main/bench/jobs-worker.ts', [pooler.url, conc], { execArgv: ['--conditions=@pooler-safe/source', '--expose-gc', ...(process.env.PROF ? ['--cpu-prof', '--cpu-prof-dir=/tmp/svc/prof'] : [])] })
const ask = (m: string) => new Promise<any>((r) => { child.once('message', r); child.send(m) })
await new Promise((r) => child.once('message', r))
t = performance.now()
for (;;) { const s = await ask('stats'); if (s.succeeded >= N) { console.log(s); break } ; await new Promise((r) => setTimeout(r, 50)) }
console.log(kind, 'run', Math.round(N / (performance.now() - t) * 1000), '/s')
const { rows } = await database.query(`select state, count(*)::int, min(finished_at), max(finished_at), extract(epoch from max(finished_at)-min(started_at))::float8 as s from jobs group by 1`)
console.log(rows, N / (rows[0] as any).s)
const exited = new Promise((r) => child.once('exit', r)); child.send('stop'); await exited
await service.close(); await database.close(); if (kind !== 'direct') await (pooler as any).stop()
