import { BatchProcessor } from '@pooler-safe/example-batch-processor'
import { BatchService, JobService } from '@pooler-safe/example-job-service'
import { PageScraper } from '@pooler-safe/example-page-scraper'
import { PlacesService } from '@pooler-safe/example-places-search'
import type { Platform } from '@pooler-safe/example-platform'
import { SitemapService } from '@pooler-safe/example-sitemap'

const services = {
  jobs: JobService,
  jobBatches: BatchService,
  batches: BatchProcessor,
  pages: PageScraper,
  sitemaps: SitemapService,
  places: PlacesService,
} as const

/** Every public method of the services, such as `jobs.createJob`. */
export const serviceMethods: readonly string[] = Object.entries(services).flatMap(([name, { prototype }]) =>
  Object.getOwnPropertyNames(prototype)
    .filter((method) => method !== 'constructor' && typeof Reflect.get(prototype, method) === 'function')
    .map((method) => `${name}.${method}`),
)

/** The platform for somebody whose calls are written down; what the services call of each other is not. */
export function watchedPlatform(platform: Platform, called: Set<string>): Platform {
  const watched = (name: keyof typeof services): object =>
    new Proxy(platform[name], {
      get(service, property) {
        const value: unknown = Reflect.get(service, property, service)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          called.add(`${name}.${String(property)}`)
          return Reflect.apply(value as (...some: unknown[]) => unknown, service, args)
        }
      },
    })
  const names = Object.keys(services) as (keyof typeof services)[]
  return { ...platform, ...Object.fromEntries(names.map((name) => [name, watched(name)])) }
}
