import { gzipSync } from 'node:zlib'
import { html, plain, sitemapIndex, urlset, xml, type Answer, type DemoSite } from '../site.ts'

/** A newspaper whose sitemaps come in every form: nested, zipped, as text, as feeds, one broken, one pointing to itself. */
export const newspaper: DemoSite = {
  host: 'stadtanzeiger.example',
  about: 'sitemap index with gzip children, text, news, feeds, a failing child and one that names itself',
  answers(origin) {
    const years = [2023, 2024]
    const articles = years.flatMap((year) => Array.from({ length: 40 }, (_, at) => `/${year}/artikel-${at + 1}`))
    const set = (year: number): string => {
      const paths = articles.filter((path) => path.startsWith(`/${year}/`))
      return urlset(
        origin,
        paths.map((path) => [path, `<lastmod>${year}-06-01</lastmod>`] as const),
      ).body as string
    }
    const answers: Record<string, Answer> = {
      '/': html({
        title: 'Stadtanzeiger',
        head: `<link rel="alternate" type="application/rss+xml" href="/rss.xml"><link rel="alternate" type="application/atom+xml" href="/atom.xml"><link rel="sitemap" type="application/xml" href="/sitemap.xml">`,
        body: `<h1>Stadtanzeiger</h1>${articles
          .slice(-5)
          .map((path) => `<p><a href="${path}">${path}</a></p>`)
          .join('')}<p>redaktion@stadtanzeiger.example</p>`,
      }),
      '/robots.txt': plain(
        `\uFEFFUser-agent: *\nDisallow: /archiv/intern # not for robots\nSitemap: ${origin}/sitemap.xml # all of them\n`,
      ),
      '/sitemap.xml': sitemapIndex([
        `${origin}/sitemap-2023.xml.gz`,
        `${origin}/sitemap-2024.xml`,
        `${origin}/sitemap-seiten.txt`,
        `${origin}/sitemap-news.xml`,
        `${origin}/sitemap-nested.xml`,
        `${origin}/sitemap-kaputt.xml`,
        `${origin}/sitemap.xml`,
      ]),
      // Zipped as a file, and zipped on the way.
      '/sitemap-2023.xml.gz': { headers: { 'content-type': 'application/gzip' }, body: gzipSync(set(2023)) },
      '/sitemap-2024.xml': {
        headers: { 'content-type': 'application/xml', 'content-encoding': 'gzip' },
        body: gzipSync(set(2024)),
      },
      '/sitemap-seiten.txt': plain(`${origin}/impressum\n${origin}/abo\n`),
      '/sitemap-news.xml': urlset(
        origin,
        [
          [
            articles.at(-1) ?? '/',
            `<news:news><news:publication><news:name>Stadtanzeiger</news:name><news:language>de</news:language></news:publication><news:publication_date>2024-06-01</news:publication_date><news:title>Markt &amp; Straße</news:title></news:news>`,
          ],
        ],
        ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"',
      ),
      '/sitemap-nested.xml': sitemapIndex([`${origin}/sitemap-tief.xml`]),
      '/sitemap-tief.xml': urlset(origin, [['/suche?wort=brot&amp;seite=1'], ['/suche?wort=<![CDATA[salz&seite=2]]>']]),
      '/sitemap-kaputt.xml': { status: 500, body: 'database error' },
      '/rss.xml': xml(
        `<rss version="2.0"><channel><title>Stadtanzeiger</title><item><title>Markt &amp; Straße</title><link>${origin}${articles.at(-1) ?? '/'}</link></item></channel></rss>`,
      ),
      '/atom.xml': xml(
        `<feed xmlns="http://www.w3.org/2005/Atom"><title>Stadtanzeiger</title><entry><title>Brot</title><link href="${origin}${articles.at(-2) ?? '/'}"/><updated>2024-06-01T06:00:00Z</updated></entry></feed>`,
      ),
      '/impressum': html({ title: 'Impressum', body: '<h1>Impressum</h1><p>Stadtanzeiger Verlag, Hauptplatz 1</p>' }),
      '/abo': html({ title: 'Abo', body: '<h1>Abo</h1>' }),
      '/archiv/intern': html({ title: 'Intern', body: '<p>Nothing for robots.</p>' }),
    }
    for (const path of articles) {
      answers[path] = html({
        title: `Artikel ${path}`,
        body: `<article><h1>Artikel ${path}</h1><p>Was gestern in der Stadt geschah.</p></article>`,
      })
    }
    return answers
  },
}
