import type { TenantId } from '@pooler-safe/example-foundation'
import type { DemoWorld } from '@pooler-safe/example-foundation/demo'
import type { Database } from 'pooler-safe'

interface Evidence {
  /** Items that were lost with their worker. */
  readonly runAgain: number
  readonly wrong: readonly string[]
}

interface ItemRow {
  readonly ordinal: number
  readonly host: string
  readonly state: string
  readonly errorCode: string | null
  readonly attempts: number
  readonly losses: number
  /** How often the job of the batch was run. */
  readonly runs: number
  readonly scans: number
  readonly scanError: string | null
  readonly domains: number
  readonly isOfThisScan: boolean
  readonly emails: number
  /** What became of its pages, for whoever has to find out why an address is missing. */
  readonly pages: string | null
}

/**
 * Holds what the tables say of every item against what its site is like and what the site was asked.
 *
 * `wanted` has the error of each item in order, or null for one that has to succeed.
 */
export async function findWrongItems(
  database: Database,
  tenant: TenantId,
  batchId: string,
  wanted: readonly (string | null)[],
  world: DemoWorld,
): Promise<Evidence> {
  const { rows } = await database.query<ItemRow>(
    `select i.ordinal, i.host, i.state, i.error_code as "errorCode", i.attempts, i.losses,
       (select j.attempt from domain_batches b join jobs j on j.id = b.job_id where b.id = i.batch_id) as runs,
       (select count(*)::int from page_scans s where s.batch_id = i.batch_id and s.item_ordinal = i.ordinal) as scans,
       (select s.error_code from page_scans s where s.batch_id = i.batch_id and s.item_ordinal = i.ordinal) as "scanError",
       (select count(*)::int from domains d where d.tenant_id = i.tenant_id and d.host = i.host) as domains,
       i.state <> 'succeeded' or exists (
         select from page_scans s join domains d on d.last_scan_id = s.id
         where s.batch_id = i.batch_id and s.item_ordinal = i.ordinal and s.id::text = i.result->>'scanId'
       ) as "isOfThisScan",
       (select count(*)::int from contacts c join domains d on d.id = c.domain_id
        where d.tenant_id = i.tenant_id and d.host = i.host and c.kind = 'email') as emails,
       (select string_agg(concat_ws(' ', p.url, p.status, p.error_code, p.error), '; ' order by p.ordinal)
        from page_scans s join pages p on p.scan_id = s.id
        where s.batch_id = i.batch_id and s.item_ordinal = i.ordinal) as pages
     from domain_batch_items i where i.tenant_id = $1 and i.batch_id = $2 order by i.ordinal`,
    [tenant, batchId],
  )
  const asked = Map.groupBy(
    world.requests.list().filter(({ path }) => path === '/'),
    ({ host }) => host,
  )
  const wrong = rows.flatMap((row) => {
    const code = wanted[row.ordinal - 1] ?? null
    const times = asked.get(row.host)?.length ?? 0
    const problems: string[] = []
    const require = (isRight: boolean, problem: string): void => {
      if (!isRight) problems.push(`item ${row.ordinal} (${row.host}): ${problem}`)
    }
    require(row.state === (code === null ? 'succeeded' : 'failed'), `is ${row.state}`)
    require(row.errorCode === code, `has the error ${String(row.errorCode)}, not ${String(code)}`)
    // A worker that hung longer than its lease lives: it hands back what it has begun. No run of the job begins an item twice.
    const isBegunOnce = row.attempts > row.losses && row.attempts <= row.runs
    require(isBegunOnce, `was begun ${row.attempts} times in ${row.runs} runs and lost ${row.losses} times`)
    require(row.scans === 1 && row.scanError === code, `has ${row.scans} scans, error ${String(row.scanError)}`)
    require(row.domains === 1, `has ${row.domains} rows of its site`)
    require(row.isOfThisScan, 'names a scan that its site does not')
    require(row.emails === (code === null ? 1 : 0), `has ${row.emails} addresses; its pages: ${String(row.pages)}`)
    // Nobody asked who did not hold the item; and whoever says it was read has asked.
    require(times <= row.attempts, `was asked ${times} times in ${row.attempts} runs`)
    require(code !== null || times >= 1, 'was never asked')
    return problems
  })
  if (rows.length !== wanted.length) wrong.unshift(`There are ${rows.length} items of ${wanted.length}.`)
  const { rows: left } = await database.query<{ jobs: number }>(
    `select count(*)::int as jobs from jobs where tenant_id = $1 and state in ('queued', 'running')`,
    [tenant],
  )
  if (left[0]?.jobs !== 0) wrong.push(`${left[0]?.jobs ?? 0} jobs have not ended.`)
  return { runAgain: rows.filter(({ losses }) => losses > 0).length, wrong }
}

/** The process that runs the job of the batch: its number is a part of the worker's name. */
export async function holderOf(database: Database, batchId: string): Promise<number | undefined> {
  const { rows } = await database.query<{ worker: string }>(
    `select j.worker from domain_batches b join jobs j on j.id = b.job_id where b.id = $1 and j.state = 'running'`,
    [batchId],
  )
  const pid = /-(\d+)-[0-9a-f]+$/.exec(rows[0]?.worker ?? '')?.[1]
  return pid === undefined ? undefined : Number(pid)
}
