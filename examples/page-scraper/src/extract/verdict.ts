import type { PageDocument } from './page-document.ts'
import { countWords } from './words.ts'

/**
 * What a page that answered is.
 *
 * - `live`: a page of the site
 * - `parked`, `for_sale`: a page of whoever holds the domain
 * - `blocked`: a question whether we are people
 * - `soft_404`: says that it is not there, with a status that says it is
 */
export type PageVerdict = 'live' | 'parked' | 'for_sale' | 'blocked' | 'soft_404'

export interface Judgement {
  readonly verdict: PageVerdict
  /** What it rests on; empty when live. */
  readonly reasons: readonly string[]
}

interface Sign {
  readonly verdict: Exclude<PageVerdict, 'live'>
  readonly where: 'title' | 'text' | 'loads' | 'host' | 'code'
  readonly pattern: RegExp
  readonly weight: number
}

/** A page of more words than this has something to say, whatever signs it bears. */
const mostWords = 250
const needed = 1

const signs: readonly Sign[] = [
  {
    verdict: 'for_sale',
    where: 'host',
    pattern:
      /(^|\.)(hugedomains\.com|dan\.com|afternic\.com|sedo\.com|undeveloped\.com|brandbucket\.com|squadhelp\.com)$/,
    weight: 1,
  },
  {
    verdict: 'for_sale',
    where: 'title',
    pattern:
      /domain (name )?(is )?(now )?(may be )?for sale|[\w-]{1,63}\.[a-z]{2,20} (is |may be |ist |steht )?(for sale|zu verkaufen|zum verkauf)|buy this domain|(diese )?domain (steht zum verkauf|kaufen|zu verkaufen)|nom de domaine à vendre|dominio en venta/i,
    weight: 0.7,
  },
  {
    verdict: 'for_sale',
    where: 'text',
    pattern:
      /this domain (name )?(is|may be) (available )?for sale|diese domain (steht zum verkauf|können sie kaufen|kaufen)|domain .{1,60} (is|steht) (for sale|zum verkauf)|ce nom de domaine est à vendre|este dominio está en venta/i,
    weight: 0.6,
  },
  {
    verdict: 'for_sale',
    where: 'text',
    pattern: /buy this domain|make (an )?offer (on|for) this domain|jetzt (diese )?domain kaufen|acheter ce domaine/i,
    weight: 0.5,
  },
  {
    verdict: 'for_sale',
    where: 'loads',
    pattern: /^https?:\/\/([\w-]{1,30}\.)?(dan\.com|afternic\.com|hugedomains\.com)\//,
    weight: 0.5,
  },
  {
    verdict: 'parked',
    where: 'loads',
    pattern:
      /^https?:\/\/([\w-]{1,30}\.)?(sedoparking\.com|parkingcrew\.net|bodis\.com|parklogic\.com|above\.com|voodoo\.com|cashparking\.com)\//,
    weight: 1,
  },
  {
    verdict: 'parked',
    where: 'code',
    pattern: /google\.ads\.domains|caf\.js\b|sedoparking|parkingcrew|"parking(Domain|Page)"/i,
    weight: 0.7,
  },
  {
    verdict: 'parked',
    where: 'title',
    pattern: /parked (domain|page)|domain parking|domain (is )?parked|geparkte domain/i,
    weight: 0.7,
  },
  {
    verdict: 'parked',
    where: 'text',
    pattern:
      /this domain (name )?(is|has been) (parked|registered)|domain (is )?parked (free|by)|parked free, courtesy of|diese domain (ist|wurde) (geparkt|registriert)|hier entsteht eine neue (internetpräsenz|website|webseite)|related (searches|links):|the sponsored listings displayed/i,
    weight: 0.6,
  },
  {
    verdict: 'parked',
    where: 'title',
    pattern:
      /^(welcome to nginx|apache2? .{0,20}default page|iis windows server|default web ?site page|index of \/|domain default page|test page for)/i,
    weight: 1,
  },
  {
    verdict: 'blocked',
    where: 'title',
    pattern:
      /^(just a moment\.*|attention required! \| cloudflare|ddos-guard|access denied|verify you are human|are you a robot\??|bot verification|security check(point)?|please wait\.*|403 forbidden|einen moment,? bitte)/i,
    weight: 0.6,
  },
  {
    verdict: 'blocked',
    where: 'code',
    pattern:
      /window\._cf_chl_opt|\/cdn-cgi\/challenge-platform\/|_Incapsula_Resource|ddos-guard|px-captcha|aws-waf-token|awsWafCookieDomainList|geo\.captcha-delivery\.com/i,
    weight: 0.6,
  },
  {
    verdict: 'blocked',
    where: 'text',
    pattern:
      /checking (if the site connection is secure|your browser before accessing)|verify(ing)? (that )?you are (a )?human|enable javascript and cookies to continue|you have been blocked|request unsuccessful\. incapsula/i,
    weight: 0.6,
  },
  {
    verdict: 'soft_404',
    where: 'title',
    pattern:
      /^404(\s*[-–—|:·!.]|$)|[-–—|:·]\s*404$|(error|fehler|erreur|http|status)\W{0,3}404|404\W{0,3}(error|fehler|not found|page|seite)|page (was )?not found|not found$|^not found|seite (wurde )?nicht gefunden|page (introuvable|non trouvée)|página no encontrada|pagina non trovata|pagina niet gevonden/i,
    weight: 1,
  },
  {
    // A number is also the name of a company, or of what it sells.
    verdict: 'soft_404',
    where: 'title',
    pattern: /(^|\W)404($|\W)/,
    weight: 0.4,
  },
  {
    verdict: 'soft_404',
    where: 'text',
    pattern:
      /(the |this )?page (you (are looking|requested|were looking)( for)?|you're looking for) .{0,40}(not|n't|no longer)|seite .{0,40}(nicht gefunden|existiert nicht)|cette page n.existe pas|page (could not be|was not|not) found|error 404|404 (error|not found)/i,
    weight: 0.6,
  },
]

/** Looks at the page as a whole: one sign is not enough unless it leaves no doubt, and a page that has much to say is live. */
export function judgePage(document: PageDocument, pageUrl: string): Judgement {
  const { title = '', headings, text, scripts, iframes, links } = document
  const isShort = countWords(text.slice(0, 20_000)) <= mostWords
  if (!isShort) return { verdict: 'live', reasons: [] }
  const loads = [
    ...scripts.flatMap(({ src }) => (src === undefined ? [] : [src])),
    ...iframes,
    ...links.flatMap((link) => link.get('href') ?? []),
  ]
  const values: Readonly<Record<Sign['where'], readonly string[]>> = {
    title: [title, ...headings].map((one) => one.trim()),
    text: [text.slice(0, 5_000)],
    loads: loads.map((one) => one.slice(0, 500)),
    host: [new URL(pageUrl).hostname],
    code: [...scripts.map((script) => script.text.slice(0, 50_000)), ...loads],
  }
  const sums = new Map<Sign['verdict'], { weight: number; reasons: string[] }>()
  for (const { verdict, where, pattern, weight } of signs) {
    const hit = values[where].map((one) => pattern.exec(one)).find((one) => one !== null)
    if (!hit) continue
    const sum = sums.get(verdict) ?? { weight: 0, reasons: [] }
    sum.weight += weight
    sum.reasons.push(`${where}: ${hit[0].trim().slice(0, 100)}`)
    sums.set(verdict, sum)
  }
  const [best] = [...sums].filter(([, { weight }]) => weight >= needed).sort(([, a], [, b]) => b.weight - a.weight)
  return best ? { verdict: best[0], reasons: best[1].reasons } : { verdict: 'live', reasons: [] }
}
