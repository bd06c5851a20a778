import { html, plain, redirect, urlset, type Answer, type DemoSite } from '../site.ts'

const languages = [
  ['de', 'Hotel Almrausch', 'Zimmer mit Aussicht', 'Zimmer'],
  ['en', 'Hotel Almrausch', 'Rooms with a view', 'Rooms'],
  ['it', 'Hotel Almrausch', 'Camere con vista', 'Camere'],
] as const

/** The same pages in three languages, tied together by hreflang in pages, headers and sitemap. */
export const hotel: DemoSite = {
  host: 'hotel-almrausch.example',
  about: 'three languages tied together by hreflang in pages and sitemap',
  answers(origin) {
    const alternates = (path: string, element: string): string =>
      [...languages.map(([code]) => [code, `/${code}${path}`] as const), ['x-default', `/en${path}`] as const]
        .map(
          ([code, target]) =>
            `<${element} rel="alternate" hreflang="${code}" href="${origin}${target}"${element === 'link' ? '' : '/'}>`,
        )
        .join('')
    const answers: Record<string, Answer> = {
      '/': redirect('/de/', 302),
      '/robots.txt': plain(`Sitemap: ${origin}/sitemap.xml\n`),
      '/sitemap.xml': urlset(
        origin,
        ['/', '/zimmer'].flatMap((path) =>
          languages.map(([code]) => [`/${code}${path}`, alternates(path, 'xhtml:link')] as const),
        ),
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml"',
      ),
    }
    for (const [code, name, claim, rooms] of languages) {
      const switcher = languages.map(([other]) => `<a hreflang="${other}" href="/${other}/">${other}</a>`).join(' ')
      const contact = `<footer>info@hotel-almrausch.example · +43 5 555 0190 · ${switcher}</footer>`
      answers[`/${code}/`] = html({
        lang: code,
        title: `${name} – ${claim}`,
        head: alternates('/', 'link'),
        body: `<h1>${claim}</h1><p><a href="/${code}/zimmer">${rooms}</a></p>${contact}`,
      })
      answers[`/${code}/zimmer`] = html({
        lang: code,
        title: `${rooms} – ${name}`,
        head: alternates('/zimmer', 'link'),
        body: `<h1>${rooms}</h1><p>12</p>${contact}`,
      })
    }
    return answers
  },
}
