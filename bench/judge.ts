/**
 * What the test pooler costs: transactions per second through it, without and with an audit, against PgBouncer's over the
 * same links in the same run. Each test pooler is a process of its own, as PgBouncer is.
 */
import {
  findPgBouncer,
  startPgBouncer,
  startPooler,
  startPostgres,
  type StartPoolerOptions,
} from '@pooler-safe/testkit'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { closedLoop, machine, measure, print, type Variant } from './harness.ts'

const poolSize = 4
const connections = 8

async function serve(options: StartPoolerOptions): Promise<void> {
  const pooler = await startPooler(options)
  process.send?.(pooler.url)
  process.once('disconnect', () => void pooler.stop({ drainMs: 0 }))
}

async function poolerProcess(options: StartPoolerOptions): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(fileURLToPath(import.meta.url), ['--serve', JSON.stringify(options)])
  const [url] = (await once(child, 'message')) as [string]
  return { child, url }
}

async function compare(): Promise<void> {
  if (findPgBouncer() === undefined) throw new Error('This bench compares with PgBouncer: install it first.')
  await using postgres = await startPostgres()
  await using pgBouncer = await startPgBouncer({ upstream: postgres.url, poolSize })
  const kinds = {
    'test pooler': {},
    'test pooler, sampled audit (1 in 20)': { audit: { sample: 20 } },
    'test pooler, full audit': { audit: 'every' },
  } as const
  const children: ChildProcess[] = []
  const pools: pg.Pool[] = []
  const variant = (name: string, url: string): Variant => {
    const pool = new pg.Pool({ connectionString: url, max: connections })
    pools.push(pool)
    return closedLoop(name, connections, () => pool.query('select $1::int', [7]))
  }
  const variants = [variant('PgBouncer', pgBouncer.url)]
  for (const [name, options] of Object.entries(kinds)) {
    const { child, url } = await poolerProcess({ upstream: postgres.url, poolSize, ...options })
    children.push(child)
    variants.push(variant(name, url))
  }
  try {
    const targets = { 'test pooler': 0.5, 'test pooler, full audit': 0.15 }
    const cases = await measure({ name: 'transactions', variants, rounds: 9, sliceMs: 600 }, targets)
    const versions = { postgres: postgres.version, pgbouncer: pgBouncer.version }
    print({ name: 'judge', machine: machine(versions), cases })
  } finally {
    for (const pool of pools) await pool.end()
    for (const child of children) child.disconnect()
  }
}

const [mode, options = '{}'] = process.argv.slice(2)
if (mode === '--serve') await serve(JSON.parse(options) as StartPoolerOptions)
else await compare()
