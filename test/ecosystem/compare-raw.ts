import { startPooler } from '@pooler-safe/testkit'
import pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, Library, LibraryUnderTest } from './contract.ts'
import { Numbers } from './numbers.ts'
import { probes } from './probes.ts'
import type { Outcome, Recorder } from './record.ts'

// A program that uses pg listens for lost connections, or ends with the first one.
class Client extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    this.on('error', () => undefined)
  }
}

class Pool extends pg.Pool {
  constructor(config?: pg.PoolConfig) {
    super({ ...config, Client })
    this.on('error', () => undefined)
  }
}

/** `pg` as it is. What it lacks of the guarded classes, no library asks for. */
const raw = { guarded: false, pg: { ...pg, Client, Pool }, Client, Pool } as unknown as Driver

const probeLimitMs = 10_000
const closeLimitMs = 3_000

/**
 * Runs the same probes on `pg` itself, through a rotating pooler of its own, and records what became of them: nothing is
 * asserted. Each probe gets a library of its own, because a failed one may have lost or hung its clients.
 */
export async function compareRaw<Under extends LibraryUnderTest>(
  library: Library<Under>,
  directUrl: string,
  recorder: Recorder,
): Promise<void> {
  await using pooler = await startPooler({ upstream: directUrl, poolSize: 4 })
  const numbers = new Numbers(10_000)
  for (const probe of probes.filter(({ part }) => !part || library.without?.[part] === undefined)) {
    recorder.set(
      'raw',
      probe.id,
      await attempt(library, pooler.urlFor(databaseOf(directUrl)), directUrl, (under) => probe.run(under, numbers)),
    )
  }
  const dirty = (await pooler.audit({ database: databaseOf(directUrl) })).filter(({ clean }) => !clean)
  const left = [...new Set(dirty.flatMap(({ residue }) => residue.map(({ kind }) => kind)))]
  recorder.set('raw', 'clean', left.length === 0 ? 'holds' : { failed: left.join(', ') })
}

async function attempt<Under extends LibraryUnderTest>(
  library: Library<Under>,
  url: string,
  directUrl: string,
  run: (under: Under) => Promise<void>,
): Promise<Outcome> {
  let close: (() => Promise<unknown>) | undefined
  const tried = (async (): Promise<Outcome> => {
    const under = await library.open(raw, { url, directUrl })
    close = () => under.close()
    await run(under)
    return 'holds'
  })().catch((error: unknown): Outcome => ({ failed: reasonOf(error) }))
  const outcome = await Promise.race([tried, sleep(probeLimitMs, { failed: 'It hung.' } as const)])
  await Promise.race([close?.().catch(() => undefined), sleep(closeLimitMs)])
  return outcome
}

/** What the innermost error says: libraries wrap what PostgreSQL said into what they had asked. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1)
}
