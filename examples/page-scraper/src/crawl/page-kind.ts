import type { Place } from '../extract/page-document.ts'

/** What a page is for, as far as its address and the words of its link tell. */
export type PageKind = 'home' | 'contact' | 'legal' | 'about' | 'team' | 'privacy' | 'wanted' | 'other'

const kinds: readonly (readonly [kind: PageKind, priority: number, words: RegExp])[] = [
  ['contact', 500, /contact|kontakt|contatt|contacto|kapcsolat|yhteys|reach-?us|get-?in-?touch|anfahrt|standort/],
  ['legal', 400, /impressum|imprint|legal-?notice|mentions-?legales|aviso-?legal|note-?legali|colofon|legal$/],
  [
    'about',
    300,
    /about|ueber-?uns|uber-?uns|qui-?sommes|a-propos|chi-?siamo|quienes|sobre|over-?ons|company|unternehmen|o-nas/,
  ],
  ['team', 200, /team|staff|people|mitarbeiter|ansprechpartner|equipe|equipo|personal$/],
  ['privacy', 100, /privacy|datenschutz|dsgvo|gdpr|confidentialite|privacidad|privatsphaere/],
]
const byPlace: Readonly<Record<Place | 'sitemap', number>> = { nav: 30, header: 28, footer: 20, sitemap: 8, main: 10 }
const deep = 3

/** How soon a page should be visited, and what it is for. Higher is sooner. */
export function rankPage(
  url: string,
  text: string,
  place: Place | 'sitemap',
  depth: number,
): { readonly kind: PageKind; readonly priority: number } {
  const { pathname, search } = new URL(url)
  const parts = pathname.split('/').filter((one) => one !== '')
  const address = plain(decode(pathname))
  const label = plain(text.slice(0, 60))
  // An article about contacts is not the contact page: its address is long.
  const last = plain(decode(parts.at(-1) ?? ''))
  const found = kinds.find(
    ([, , words]) => (last.length <= 30 && words.test(last)) || (label.length <= 25 && words.test(label)),
  )
  const cost =
    parts.length * deep +
    depth * deep +
    (search === '' ? 0 : 10) +
    (/\d{4}|page|tag|category|blog/.test(address) ? 5 : 0)
  return { kind: found?.[0] ?? 'other', priority: (found?.[1] ?? 0) + byPlace[place] - cost }
}

/** Lower case, without accents, words joined by hyphens. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('ü', 'ue')
    .replaceAll('ö', 'oe')
    .replaceAll('ä', 'ae')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[\s_]+/g, '-')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
