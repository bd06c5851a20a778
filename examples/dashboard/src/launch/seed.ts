import { fileURLToPath } from 'node:url'
import { ensureTenant, wait, type TenantId } from '@pooler-safe/example-foundation'
import type { DemoWorld } from '@pooler-safe/example-foundation/demo'
import { findFiles, measureType } from '@pooler-safe/example-job-service/demo'
import type { Platform } from '@pooler-safe/example-platform'
import type { Session } from 'pooler-safe'

const files = fileURLToPath(new URL('../../../../docs', import.meta.url))
const filesMeasured = 12
const companies = 40

/** The tenant whose data the link that is printed leads to. */
export const tenantName = (withDemo: boolean): string => (withDemo ? 'demonstration' : 'default')

/**
 * Gives the services something to do, unless the tenant is there already: everything in one transaction, so that a start
 * that is interrupted here leaves nothing half done.
 */
export async function ensureSeeded(
  platform: Platform,
  world: DemoWorld | undefined,
): Promise<{ readonly tenant: TenantId; readonly isNew: boolean }> {
  const { database } = platform
  const name = tenantName(world !== undefined)
  const { rows } = await database.query<{ id: TenantId }>('select id from tenants where name = $1', [name])
  const [known] = rows
  if (known) return { tenant: known.id, isNew: false }
  const measured = world ? (await findFiles(files)).slice(0, filesMeasured) : []
  const tenant = await database.transaction(async (tx) => {
    const made = await ensureTenant(tx, name)
    if (world) await seed(platform, tx, made, world, measured)
    return made
  })
  return { tenant, isNew: world !== undefined }
}

async function seed(
  { jobs, batches, pages, sitemaps, places }: Platform,
  tx: Session,
  tenant: TenantId,
  { hosts, url }: DemoWorld,
  measured: readonly { readonly name: string; readonly path: string }[],
): Promise<void> {
  const missing = { name: 'never.txt', path: fileURLToPath(new URL('never.txt', import.meta.url)) }
  await jobs.createJobs(
    tx,
    tenant,
    [...measured, missing].map(({ name, path }) => ({ type: measureType, payload: { name, path } })),
  )
  for (const host of [hosts.joinery, hosts.restaurant, hosts.potteryShop, hosts.parked, hosts.hostile]) {
    await pages.initiateDomainScan(tx, tenant, { url: url(host) })
  }
  for (const host of [hosts.potteryShop, hosts.newspaper])
    await sitemaps.initiateSitemapScan(tx, tenant, { url: url(host) })
  for (const query of ['Bäckerei in Graz', 'Zahnarzt in Graz']) {
    await places.initiatePlacesSearch(tx, tenant, { query, provider: 'google' })
  }
  await batches.initiateBatchProcessing(tx, tenant, linesOf(hosts, url), {
    name: 'Companies and difficult sites',
    maxConcurrent: 4,
    maxAttempts: 2,
    retryDelayMs: 1_000,
  })
}

/** Most of them answer; some fail, each in its own way, and two lines are not taken. */
function linesOf(hosts: DemoWorld['hosts'], url: DemoWorld['url']): string[] {
  const named = [hosts.joinery, hosts.hotel, hosts.restaurant, hosts.newspaper, hosts.wrongCharset, hosts.hostile]
  const failing = [hosts.failing, hosts.missing, hosts.inside, hosts.restricted]
  return [
    ...named.map((host) => url(host)),
    ...Array.from({ length: companies }, (_, index) => url(`firma-${index + 1}.example`)),
    ...failing.map((host) => url(host)),
    url(`www.${hosts.joinery}`),
    'not a site',
  ]
}

const lookMs = 150

/** Resolves when the tenant has no job left that is queued or running; false when the signal fires first. */
export async function untilWorkEnded(
  { jobs, database }: Platform,
  tenant: TenantId,
  signal: AbortSignal,
  onProgress: (left: number, ended: number) => void,
): Promise<boolean> {
  for (;;) {
    const { queued = 0, running = 0, succeeded = 0, failed = 0, cancelled = 0 } = await jobs.countJobs(database, tenant)
    onProgress(queued + running, succeeded + failed + cancelled)
    if (queued + running === 0) return true
    if (!(await wait(lookMs, signal))) return false
  }
}
