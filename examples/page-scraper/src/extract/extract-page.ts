import { createHash } from 'node:crypto'
import { detectTechnologies } from '../technologies/detect.ts'
import type { DetectedTechnology } from '../technologies/technology.ts'
import { decodePage } from './charset.ts'
import { mergeContacts, type Contact } from './contact.ts'
import { findEmails } from './emails.ts'
import { readStructuredData, type Organization } from './json-ld.ts'
import { detectLanguage } from './language.ts'
import { readLinks, type PageLinks } from './links.ts'
import { findLogo, readMetadata, type PageMetadata } from './metadata.ts'
import { countryOf, findPhones } from './phones.ts'
import { readDocument } from './read-document.ts'
import { findSocialProfiles } from './social-profiles.ts'
import { judgePage, type Judgement } from './verdict.ts'

/** What arrived. */
export interface PageSource {
  /** Where it came from, after redirects. */
  readonly url: string
  readonly headers: Headers
  readonly bytes: Uint8Array
}

/** Everything that is read out of one page. */
export interface PageExtraction {
  readonly url: string
  readonly charset: string
  readonly language: string | undefined
  readonly metadata: PageMetadata
  readonly organizations: readonly Organization[]
  readonly schemaTypes: readonly string[]
  readonly logo: string | undefined
  readonly contacts: readonly Contact[]
  readonly technologies: readonly DetectedTechnology[]
  readonly links: PageLinks
  readonly judgement: Judgement
  /** Of the visible text: equal for pages that read the same. */
  readonly contentHash: string
}

/**
 * Reads one page: no I/O, linear in its length, and no HTML makes it throw.
 *
 * Of a page that is not live, contacts and technologies are left out: they would be those of whoever holds the domain.
 */
export function extractPage({ url, headers, bytes }: PageSource): PageExtraction {
  const { text: html, charset } = decodePage(bytes, headers.get('content-type'))
  const document = readDocument(html)
  const judgement = judgePage(document, url)
  const data = readStructuredData(document, url)
  const language = detectLanguage(document, headers.get('content-language'))
  const isLive = judgement.verdict === 'live'
  const [named] = data.organizations
  const country = countryOf(new URL(url).hostname, language, data.organizations.find((one) => one.country)?.country)
  return {
    url,
    charset,
    language,
    metadata: readMetadata(document, url),
    organizations: data.organizations,
    schemaTypes: data.types,
    logo: findLogo(document, url, named?.logo),
    contacts: isLive
      ? mergeContacts([
          ...findEmails(document, data, url),
          ...findPhones(document, data, url, country),
          ...findSocialProfiles(document, data, url),
        ])
      : [],
    technologies: isLive ? detectTechnologies(document, headers, url) : [],
    links: readLinks(document, url),
    judgement,
    contentHash: createHash('sha256').update(document.text).digest('hex'),
  }
}
