import { describe, expect, test } from 'vitest'
import { crawlSite, HomeUnreadable, type Crawl, type CrawlOptions } from '../src/crawl/crawl-site.ts'
import { snapshotOf } from '../src/crawl/site-snapshot.ts'
import { readSite } from '../src/site.ts'
import { loopbackFetcher } from './loopback-fetcher.ts'
import { useSiteServer, type SitePages } from './site-server.ts'

const server = useSiteServer()
const http = loopbackFetcher(new Set(['nowhere.test']))

function crawl(host: string, options: Partial<CrawlOptions> = {}): Promise<Crawl> {
  const site = readSite(`http://${host}:${server.port}/`)
  return crawlSite({ http, site, maxPages: 10, budgetMs: 20_000, ...options })
}

const paths = ({ pages }: Crawl): string[] => pages.map(({ url }) => new URL(url).pathname)
const link = (path: string, text = path): string => `<a href="${path}">${text}</a>`

describe('a crawl', () => {
  test('visits the pages that tell most first: contact, legal, about, team, privacy, from navigation, text and footer', async () => {
    server.serve('shop.test', {
      '/': `<h1>Shop</h1>${link('/blog/2020/how-to-contact-people-in-large-companies', 'Blog')}${link('/products')}
        <nav>${link('/ueber-uns', 'Über uns')}${link('/news')}</nav>
        <footer>${link('/datenschutz')}${link('/impressum')}${link('/p7', 'Kontakt')}${link('/team')}</footer>`,
      '/ueber-uns': 'x',
      '/datenschutz': 'x',
      '/impressum': 'x',
      '/p7': 'x',
      '/team': 'x',
      '/news': 'x',
    })
    const result = await crawl('shop.test', { maxPages: 7 })
    expect(result.pages.map(({ kind }) => kind)).toEqual([
      'home',
      'contact',
      'legal',
      'about',
      'team',
      'privacy',
      'other',
    ])
    expect(paths(result)).toEqual(['/', '/p7', '/impressum', '/ueber-uns', '/team', '/datenschutz', '/news'])
    expect(result.stoppedBy).toBe('max_pages')
  })

  test.each([1, 2, 3, 7])('(17) asks for no more than maxPages = %i, whatever the pages are', async (maxPages) => {
    const many = Array.from({ length: 30 }, (_, n) => link(`/p${n}`)).join('')
    const pages: Record<string, SitePages[string]> = {
      '/': `<p>home ${many}`,
      '/robots.txt': 'User-agent: *\nDisallow: /p3\n',
    }
    for (let n = 0; n < 30; n += 1) {
      pages[`/p${n}`] = [{ body: `<p>page ${n} ${many}` }, { status: 404 }, { status: 500 }, { cut: true }][n % 4]!
    }
    server.serve('many.test', pages)
    const result = await crawl('many.test', { maxPages, concurrency: 4 })
    expect(server.asked.filter((one) => !one.includes('sitemap'))).toHaveLength(maxPages)
    expect(result.asked).toBe(maxPages)
    expect(result.pages).toHaveLength(maxPages)
  })

  test('visits each page once, however it is linked, and none of another site', async () => {
    server.serve('www.once.test', {
      '/': `<p>home ${link('/a/')}${link('/a')}${link('/a#x')}${link('/a?utm_source=y')}${link('index.html')}${link('/r')}${link('/b.pdf')}
        ${link(`http://other.test:${server.port}/`)}${link(`http://sub.once.test:${server.port}/s`)}${link('mailto:a@once.test')}`,
      '/a/': `<p>a ${link('/')}`,
      '/r': { status: 301, headers: { location: '/a/' } },
    })
    server.serve('sub.once.test', { '/s': 'sub' })
    server.serve('other.test', { '/': 'other' })
    const result = await crawl('www.once.test')
    expect(result.pages.map(({ url }) => url.replace(`:${server.port}`, ''))).toEqual([
      'http://www.once.test/',
      'http://www.once.test/a/',
      'http://sub.once.test/s',
    ])
    expect(server.asked.filter((one) => one.startsWith('other'))).toEqual([])
    expect(result.stoppedBy).toBe('done')
  })

  test('leaves out what robots.txt forbids without counting it, and looks into the sitemaps that it names', async () => {
    server.serve('robots.test', {
      '/robots.txt': `User-agent: *\nDisallow: /secret\nSitemap: http://robots.test:${server.port}/map.xml\n`,
      '/map.xml': `<urlset><url><loc>http://robots.test:${server.port}/kontakt</loc></url><url><loc>http://evil.test/</loc></url></urlset>`,
      '/': `<p>home ${link('/secret/contact')}${link('/open')}`,
      '/kontakt': 'found',
      '/open': 'x',
    })
    const result = await crawl('robots.test', { maxPages: 3 })
    expect(paths(result)).toEqual(['/', '/kontakt', '/open'])
    expect(server.asked).not.toContain('robots.test /secret/contact')
  })

  test('goes no deeper than it may', async () => {
    server.serve('deep.test', { '/': link('/1'), '/1': link('/2'), '/2': link('/3'), '/3': 'x' })
    expect(paths(await crawl('deep.test', { maxDepth: 2 }))).toEqual(['/', '/1', '/2'])
  })

  test('ends when its time is over, with what it has', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    server.serve('slow.test', { '/': `<p>home ${link('/slow')}`, '/slow': { before: () => released } })
    const result = await crawl('slow.test', { budgetMs: 300 })
    release()
    expect(result).toMatchObject({ stoppedBy: 'budget', pages: [{ kind: 'home' }] })
  })

  test('stops when it is told to', async () => {
    const controller = new AbortController()
    const reason = new Error('cancelled')
    server.serve('stop.test', {
      '/': `<p>home ${link('/next')}`,
      '/next': { before: () => controller.abort(reason) },
    })
    await expect(crawl('stop.test', { signal: controller.signal })).rejects.toBe(reason)
  })

  test.each<[string, SitePages[string] | undefined, string]>([
    ['has no address', undefined, 'dns'],
    ['answers 404', { status: 404, body: '<title>404</title>' }, 'http_4xx'],
    ['answers 503', { status: 503, body: '<title>Maintenance</title>' }, 'http_5xx'],
    ['cuts the connection', { cut: true }, 'connect'],
    ['is no HTML', { headers: { 'content-type': 'application/pdf' }, body: '%PDF' }, 'not_html'],
    ['refuses us', { status: 403, body: '<title>Forbidden</title>' }, 'blocked'],
    [
      'asks whether we are people, with status 200',
      '<title>Just a moment...</title><script>window._cf_chl_opt={}</script>',
      'blocked',
    ],
    ['redirects without end', { status: 302, headers: { location: '/' } }, 'parse'],
  ])('(16) has nothing to tell of a site that %s', async (_name, page, code) => {
    const host = page === undefined ? 'nowhere.test' : 'broken.test'
    if (page !== undefined) server.serve(host, { '/': page })
    const failure = await crawl(host).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(HomeUnreadable)
    expect(failure).toMatchObject({ failure: { code } })
  })

  test('of a site that robots.txt closes asks nothing', async () => {
    server.serve('closed.test', { '/robots.txt': 'User-agent: *\nDisallow: /\n', '/': 'x' })
    await expect(crawl('closed.test')).rejects.toMatchObject({ failure: { code: 'robots' } })
    expect(server.asked).toEqual([])
  })

  test('of a page that fails keeps the failure, and of one that says it is not there no metadata', async () => {
    server.serve('partly.test', {
      '/': `<title>Home</title>${link('/gone')}${link('/soft')}`,
      '/gone': { status: 500, body: '<title>Oops</title>' },
      '/soft': '<title>404 Not found</title><p>info@partly.test',
    })
    const result = await crawl('partly.test')
    expect(result.pages.find(({ url }) => url.endsWith('/gone'))).toMatchObject({ failure: { code: 'http_5xx' } })
    const snapshot = snapshotOf(result)
    expect(snapshot.contacts).toEqual([])
    expect(snapshot.pages.map(({ url }) => new URL(url).pathname)).toEqual(['/'])
  })

  test('of a domain that leads to another site, is parked or for sale says so, and takes nothing of it for the site’s', async () => {
    server.serve('left.test', { '/': { status: 301, headers: { location: `http://new.test:${server.port}/` } } })
    server.serve('new.test', { '/': `<title>New</title><a href="mailto:a@new.test">x</a>${link('/contact')}` })
    server.serve('parked.test', {
      '/': `<title>Parked domain</title><p>This domain is parked free. sales@broker.com ${link('/contact')}`,
    })
    const moved = snapshotOf(await crawl('left.test'))
    expect(moved).toMatchObject({ verdict: 'moved', metadata: null, contacts: [], technologies: [], pages: [] })
    expect(moved.finalUrl).toContain('new.test')
    expect(snapshotOf(await crawl('parked.test'))).toMatchObject({ verdict: 'parked', metadata: null, contacts: [] })
    expect(server.asked.filter((one) => one.includes('contact'))).toEqual([])
  })
})
