import { expect, test } from 'vitest'
import { useSitemapDatabase, useSitemaps } from './sitemap-database.ts'
import { page, urlset } from './sitemap-files.ts'
import { useWeb } from './web.ts'

const database = useSitemapDatabase()
const web = useWeb()
const sitemaps = useSitemaps(() => database.pooledUrl, web.http)

test('URLs are tagged, filtered, paged and exported; another tenant sees and touches none of them', async () => {
  const at = web.site('ops.test', {
    '/sitemap.xml': urlset(page('/') + page('/contact') + page('/blog/a', '<lastmod>=1+1,"x"</lastmod>')),
  })
  const { id } = await sitemaps.scan(`${at}/sitemap.xml`)
  const { service, tenant, otherTenant, database: session } = sitemaps
  const host = 'https://www.OPS.test'
  expect(await service.tagUrls(session, tenant, host, { filter: { contains: '/blog/' }, add: ['b', 'a'] })).toBe(1)
  expect(await service.tagUrls(session, tenant, host, { filter: { tag: 'a' }, add: ['a'], remove: ['b'] })).toBe(1)
  const tagged = await service.listSitemapUrls(session, tenant, host, { tag: 'a' })
  expect(tagged.items.map(({ url, tags, pageType }) => [url, tags, pageType])).toEqual([
    [`${at}/blog/a`, ['a'], 'article'],
  ])
  const first = await service.listSitemapUrls(session, tenant, host, {}, { limit: 2 })
  const rest = await service.listSitemapUrls(session, tenant, host, {}, { limit: 2, after: first.next })
  expect([...first.items, ...rest.items].map(({ url }) => new URL(url).pathname)).toEqual(['/', '/contact', '/blog/a'])
  expect(rest.next).toBeUndefined()
  const text = async (format: 'csv' | 'json' | 'ndjson') => {
    let all = ''
    for await (const part of await service.exportUrls(session, tenant, host, format)) all += part
    return all
  }
  expect((await text('csv')).split('\r\n')[3]).toContain(`${at}/blog/a,"'=1+1,""x""",false,`)
  expect(JSON.parse(await text('json'))).toHaveLength(3)
  expect((await text('ndjson')).trim().split('\n')).toHaveLength(3)
  await expect(service.getSitemapScan(session, otherTenant, id)).rejects.toMatchObject({
    code: 'SITEMAP_SCAN_NOT_FOUND',
  })
  const unknown = { code: 'SITEMAP_DOMAIN_NOT_FOUND' }
  await expect(service.listSitemapUrls(session, otherTenant, host)).rejects.toMatchObject(unknown)
  await expect(service.healthReport(session, otherTenant, host)).rejects.toMatchObject(unknown)
  await expect(
    service.tagUrls(session, otherTenant, host, { urlIds: [first.items[0]!.id], add: ['x'] }),
  ).rejects.toMatchObject(unknown)
})

test.each([
  ['an unknown option', { url: 'ops.test', maxUrl: 5 }],
  ['no number of URLs', { url: 'ops.test', maxUrls: 0 }],
  ['another scheme', { url: 'ftp://ops.test' }],
  ['a password', { url: 'https://a:b@ops.test' }],
])('%s is refused by name', async (_name, request) => {
  const { service, tenant, database: session } = sitemaps
  await expect(service.initiateSitemapScan(session, tenant, request)).rejects.toMatchObject({
    code: 'SITEMAP_INPUT_INVALID',
  })
})
