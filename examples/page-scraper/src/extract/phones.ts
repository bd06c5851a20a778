import { parsePhoneNumberFromString, isSupportedCountry, type CountryCode } from 'libphonenumber-js/max'
import { snippetAt, type Contact } from './contact.ts'
import type { StructuredData } from './json-ld.ts'
import type { PageDocument } from './page-document.ts'

const mostOnOnePage = 100
const mostCandidates = 2_000
/** Country-code domains that are bought for their letters. */
const letteredTlds = new Set(
  'ai ag am bz cc cd co dj fm gg im io is it-com la ly me ms mu nu pw sc sh so st tk to tv vc ws'.split(' '),
)
const mainCountry: Readonly<Record<string, CountryCode>> = {
  de: 'DE',
  fr: 'FR',
  es: 'ES',
  it: 'IT',
  nl: 'NL',
  pt: 'PT',
  pl: 'PL',
  cs: 'CZ',
  sk: 'SK',
  hu: 'HU',
  sl: 'SI',
  hr: 'HR',
  sv: 'SE',
  da: 'DK',
  nb: 'NO',
  no: 'NO',
  fi: 'FI',
  ja: 'JP',
  ko: 'KR',
  tr: 'TR',
  el: 'GR',
  ro: 'RO',
  bg: 'BG',
  en: 'US',
}
const candidate = /(?:\+|\(|\b)\d(?:[ \u2009]?[-()./–]?[ \u2009]?\d|[ \u2009]?\(0\)|\) ?){5,16}/g
const label =
  /(?:tel(?:efon|efoon|éfono|efono|ephone|\.)?|phone|fon|call(?: us)?|mobil[e]?|handy|hotline|ruf(?:nummer)?|tél(?:éphone)?|cell|whatsapp|kontakt|☎|✆|📞|\bt|\bm|\bp)[ .:/]{0,3}(?:nr\.?|no\.?|number)?[ .:]{0,3}$/iu
const faxLabel = /(?:tele)?fax[ .:/]{0,3}(?:nr\.?|no\.?|number)?[ .:]{0,3}$|\bf[.:] ?$/iu
const otherLabel =
  /(?:iban|bic|uid|ust|vat|fn|konto|account|isbn|ean|id|order|artikel|sku|hrb|nr\.)[ .:#-]{0,3}[a-z]{0,3}$/i

/**
 * The telephone numbers of a page in E.164.
 *
 * A number that begins with `+` speaks for itself. Any other counts only in a `tel:` link, in JSON-LD or after a word such
 * as "Tel.": digits alone are dates, prices and accounts.
 */
export function findPhones(
  document: PageDocument,
  { phones }: Pick<StructuredData, 'phones'>,
  pageUrl: string,
  country: CountryCode | undefined,
): Contact[] {
  const contacts: Contact[] = []
  const add = (given: string, method: Contact['method'], snippet: string, confidence: number, isFax = false): void => {
    const value = toE164(given, country)
    if (value === undefined || contacts.length >= mostOnOnePage) return
    contacts.push({ kind: isFax ? 'fax' : 'phone', value, method, sourceUrl: pageUrl, snippet, confidence })
  }
  for (const { href, text } of document.anchors) {
    if (/^(tel|callto):/i.test(href)) add(decode(href.slice(href.indexOf(':') + 1)), 'link', text || href, 0.95)
    else if (/^fax:/i.test(href)) add(decode(href.slice(4)), 'link', text || href, 0.95, true)
  }
  for (const phone of phones) add(phone, 'json-ld', phone, 0.95)
  const { text } = document
  candidate.lastIndex = 0
  let looked = 0
  for (let match = candidate.exec(text); match && looked < mostCandidates; match = candidate.exec(text)) {
    looked += 1
    const given = match[0]
    const before = text.slice(Math.max(0, match.index - 30), match.index)
    const snippet = snippetAt(text, match.index, match.index + given.length)
    if (faxLabel.test(before)) add(given, 'text', snippet, 0.85, true)
    else if (given.startsWith('+')) add(given, 'text', snippet, 0.9)
    else if (label.test(before) && !otherLabel.test(before)) add(given, 'text', snippet, 0.85)
  }
  // A number that is called a fax number somewhere is no telephone because a link says `tel:`.
  const faxes = new Set(contacts.flatMap(({ kind, value }) => (kind === 'fax' ? [value] : [])))
  return contacts.filter(({ kind, value, method }) => kind === 'fax' || method !== 'text' || !faxes.has(value))
}

/** The number in E.164, when it is one that can exist. */
export function toE164(given: string, country: CountryCode | undefined): string | undefined {
  const text = given.slice(0, 60).trim()
  // `(0)` is dialled only inside the country.
  const international = /^(\+|00)/.test(text) ? text.replace(/\(0\)/g, '').replace(/^00/, '+') : text
  const number = parsePhoneNumberFromString(international, {
    extract: false,
    ...(country ? { defaultCountry: country } : {}),
  })
  return number?.isValid() ? number.number : undefined
}

/** The country whose numbers are written without a country code: by the site's own words, its TLD, its language. */
export function countryOf(
  host: string,
  language: string | undefined,
  declared: string | undefined,
): CountryCode | undefined {
  const code = (value: string | undefined): CountryCode | undefined => {
    const upper = value?.toUpperCase() === 'UK' ? 'GB' : value?.toUpperCase()
    return upper !== undefined && isSupportedCountry(upper) ? upper : undefined
  }
  const tld = host.slice(host.lastIndexOf('.') + 1)
  const [main, region] = language?.split('-') ?? []
  return (
    code(declared) ??
    (letteredTlds.has(tld) ? undefined : code(tld)) ??
    code(region) ??
    (main === undefined ? undefined : mainCountry[main])
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.slice(0, 200))
  } catch {
    return text
  }
}
