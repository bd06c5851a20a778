import { snippetAt, type Contact } from './contact.ts'
import { emailAddress } from './email-address.ts'
import type { StructuredData } from './json-ld.ts'
import type { PageDocument } from './page-document.ts'
import { registrableDomainOf } from './page-url.ts'

interface Found {
  readonly value: string
  readonly method: Contact['method']
  readonly snippet: string
}

const sureness: Readonly<Record<Contact['method'], number>> = {
  link: 0.95,
  'json-ld': 0.95,
  cloudflare: 0.95,
  text: 0.85,
  'at-dot': 0.7,
}
const mostOnOnePage = 200
const beforeAt = /[a-z0-9._%+'-]{1,64}$/i
const afterAt = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/i
const at =
  /[[({<] ?(?:at|@|ät|arroba|chiocciola|apenstaartje|malpa) ?[\])}>]|(?<=[a-z0-9]) (?:at|arroba|chiocciola) (?=[a-z0-9])/gi
const dot = / ?[[({<] ?(?:dot|\.|punkt|punto|point) ?[\])}>] ?| (?:dot|punkt|punto) /gi

/** The e-mail addresses of a page: in links, text, JSON-LD, behind Cloudflare's protection, and written for people. */
export function findEmails(
  document: PageDocument,
  { emails }: Pick<StructuredData, 'emails'>,
  pageUrl: string,
): Contact[] {
  const siteDomain = registrableDomainOf(pageUrl)
  const found = [
    ...linked(document),
    ...cloudflare(document),
    ...emails.map((value): Found => ({ value, method: 'json-ld', snippet: value })),
    ...written(document.text),
    ...disguised(document.text),
  ]
  return found.flatMap(({ value, method, snippet }) => {
    const address = emailAddress(value, siteDomain)
    if (address === undefined) return []
    const bonus = siteDomain !== undefined && address.endsWith(siteDomain) ? 0.05 : 0
    return [
      { kind: 'email', value: address, method, sourceUrl: pageUrl, snippet, confidence: sureness[method] + bonus },
    ]
  })
}

function linked({ anchors }: PageDocument): Found[] {
  return anchors
    .filter(({ href }) => /^mailto:/i.test(href))
    .slice(0, mostOnOnePage)
    .flatMap(({ href, text }) => {
      const [addresses = ''] = href.slice('mailto:'.length, 2_000).split('?', 1)
      return safeDecode(addresses)
        .split(/[,;]/)
        .map((value): Found => ({
          value: inBrackets(value),
          method: 'link',
          snippet: text === '' ? href.slice(0, 200) : text,
        }))
    })
}

function cloudflare({ protectedEmails, anchors, text }: PageDocument): Found[] {
  const marker = '/cdn-cgi/l/email-protection#'
  const inText = protectedEmails.map(({ code, textOffset }) => ({
    value: decodeProtected(code),
    snippet: snippetAt(text, textOffset, textOffset),
  }))
  const inLinks = anchors
    .filter(({ href }) => href.includes(marker))
    .map(({ href, text: label }) => ({
      value: decodeProtected(href.slice(href.indexOf(marker) + marker.length)),
      snippet: label,
    }))
  return [...inText, ...inLinks]
    .slice(0, mostOnOnePage)
    .flatMap(({ value, snippet }) => (value === undefined ? [] : [{ value, method: 'cloudflare', snippet } as const]))
}

/** Hexadecimal bytes, the first of which was applied to the others by exclusive or. */
export function decodeProtected(code: string): string | undefined {
  if (!/^([0-9a-f]{2}){4,300}$/i.test(code)) return undefined
  const [key = 0, ...rest] = Buffer.from(code, 'hex')
  const [address] = Buffer.from(rest.map((byte) => byte ^ key))
    .toString()
    .split('?', 1)
  return address
}

/** Looks around every `@`, so that a text without any costs nothing. */
function written(text: string): Found[] {
  const found: Found[] = []
  for (
    let index = text.indexOf('@');
    index !== -1 && found.length < mostOnOnePage;
    index = text.indexOf('@', index + 1)
  ) {
    const name = beforeAt.exec(text.slice(Math.max(0, index - 64), index))?.[0]
    const host = afterAt.exec(text.slice(index + 1, index + 255))?.[0]
    if (name === undefined || host === undefined) continue
    const value = `${name.replace(/^[.'%+-]+/, '')}@${host.replace(/[.-]+$/, '')}`
    found.push({ value, method: 'text', snippet: snippetAt(text, index - name.length, index + host.length) })
  }
  return found
}

/** `office (at) example (dot) com`, and `office at example dot com` where both words are. */
function disguised(text: string): Found[] {
  const found: Found[] = []
  at.lastIndex = 0
  for (let match = at.exec(text); match && found.length < mostOnOnePage; match = at.exec(text)) {
    const isBracketed = /[[({<]/.test(match[0])
    const start = match.index
    const before = text.slice(Math.max(0, start - 80), start).replace(/\s$/, '')
    const name = beforeAt.exec(before.replace(dot, '.'))?.[0]
    const [line = ''] = text
      .slice(at.lastIndex, at.lastIndex + 120)
      .replace(/^\s/, '')
      .split('\n', 1)
    const plain = line.replace(dot, '.')
    // Words alone are prose, unless the dots are words, too.
    if (name === undefined || (!isBracketed && plain === line)) continue
    const host = afterAt.exec(plain)?.[0]
    if (host === undefined) continue
    const value = `${name.replace(/^[.'%+-]+/, '')}@${host}`
    found.push({ value, method: 'at-dot', snippet: snippetAt(text, start - name.length, start + host.length) })
  }
  return found
}

function inBrackets(value: string): string {
  return /<([^<>]{3,254})>/.exec(value)?.[1] ?? value
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
