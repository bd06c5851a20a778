import { html, plain, urlset, type DemoSite } from '../site.ts'

const trades = ['Malerei', 'Elektro', 'Gartenbau', 'Dachdeckerei', 'Optik', 'Bäckerei', 'Fahrräder', 'Installationen']

/** What becomes of asking a company: most answer, some fail, and always the same ones. */
export type CompanyFate = 'answers' | 'fails' | 'forbids' | 'has no address'

export function companyFate(number: number): CompanyFate {
  if (number % 25 === 24) return 'has no address'
  if (number % 10 === 7) return 'fails'
  return number % 50 === 13 ? 'forbids' : 'answers'
}

/** The number of `firma-17.example`, if it is one of them. */
export function companyNumber(host: string): number | undefined {
  const digits = /^firma-([1-9]\d{0,6})\.example$/.exec(host)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** As many small sites as a batch needs: `firma-1.example` and so on. */
export function company(number: number): DemoSite {
  const host = `firma-${number}.example`
  const name = `${trades[number % trades.length] ?? ''} ${number}`
  return {
    host,
    about: `generated: ${companyFate(number)}`,
    answers(origin) {
      const fate = companyFate(number)
      if (fate === 'fails') return { '/robots.txt': { status: 404 }, '*': { status: 500 } }
      const rules = fate === 'forbids' ? 'Disallow: /' : 'Disallow:'
      const page = (title: string, body: string): ReturnType<typeof html> =>
        html({
          title: `${title} – ${name}`,
          head: `<meta name="description" content="${name} in Graz">`,
          body: `<h1>${title}</h1>${body}<a href="/kontakt">Kontakt</a>`,
        })
      return {
        '/robots.txt': plain(`User-agent: *\n${rules}\nSitemap: ${origin}/sitemap.xml\n`),
        '/': page('Willkommen', `<p>${name} seit ${1950 + (number % 70)}.</p>`),
        '/kontakt': page('Kontakt', `<p>office@${host}<br>+43 316 ${String(500_000 + (number % 400_000))}</p>`),
        '/sitemap.xml': urlset(origin, [['/'], ['/kontakt']]),
      }
    },
  }
}
