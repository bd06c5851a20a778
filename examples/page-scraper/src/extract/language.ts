import type { PageDocument } from './page-document.ts'

/** Frequent words that hardly occur in the other languages. */
const telling: Readonly<Record<string, readonly string[]>> = {
  de: ['und', 'der', 'die', 'das', 'nicht', 'mit', 'für', 'ist', 'wir', 'sie', 'auf', 'eine', 'werden'],
  en: ['the', 'and', 'of', 'to', 'with', 'our', 'is', 'you', 'your', 'for', 'are', 'this', 'we'],
  fr: ['le', 'les', 'et', 'des', 'est', 'nous', 'vous', 'pour', 'avec', 'une', 'dans', 'du', 'votre'],
  es: ['el', 'los', 'y', 'las', 'es', 'para', 'con', 'una', 'nuestro', 'por', 'más', 'su', 'del'],
  it: ['il', 'gli', 'e', 'della', 'per', 'con', 'una', 'sono', 'che', 'di', 'nostro', 'è', 'nel'],
  nl: ['het', 'een', 'van', 'en', 'voor', 'met', 'zijn', 'wij', 'niet', 'ook', 'onze', 'aan', 'bij'],
  pt: ['o', 'os', 'e', 'uma', 'para', 'com', 'não', 'nossa', 'você', 'mais', 'dos', 'em', 'são'],
  pl: ['i', 'w', 'na', 'jest', 'nie', 'się', 'do', 'dla', 'oraz', 'nasze', 'przez', 'są', 'że'],
}
const languageOf = Object.entries(telling).map(([language, list]) => [language, new Set(list)] as const)
const tag = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i

/** A language tag such as `de-AT`, or undefined for what is none. */
export function languageTag(value: string | null | undefined): string | undefined {
  const given = value?.split(',', 1)[0]?.trim().replace('_', '-')
  if (given === undefined || !tag.test(given)) return undefined
  const [language = '', ...rest] = given.split('-')
  return [language.toLowerCase(), ...rest.map((one) => (one.length === 2 ? one.toUpperCase() : one))].join('-')
}

/** The language of a page: what it declares, else what the server said, else what its words look like. */
export function detectLanguage(
  { lang, metas, text }: Pick<PageDocument, 'lang' | 'metas' | 'text'>,
  contentLanguage: string | null,
): string | undefined {
  const equiv = metas.find((meta) => meta.get('http-equiv')?.toLowerCase() === 'content-language')?.get('content')
  const locale = metas.find((meta) => meta.get('property')?.toLowerCase() === 'og:locale')?.get('content')
  const declared = [lang, equiv, contentLanguage, locale].map(languageTag).find((one) => one !== undefined)
  return declared ?? guess(text)
}

function guess(text: string): string | undefined {
  const words =
    text
      .slice(0, 20_000)
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  if (words.length < 20) return undefined
  const scores = languageOf
    .map(([language, list]) => ({ language, hits: words.filter((word) => list.has(word)).length }))
    .sort((a, b) => b.hits - a.hits)
  const [best, second] = scores
  if (!best || best.hits < 4 || best.hits < (second?.hits ?? 0) * 1.5) return undefined
  return best.language
}
