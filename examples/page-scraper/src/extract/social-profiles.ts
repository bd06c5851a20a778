import type { Contact } from './contact.ts'
import type { StructuredData } from './json-ld.ts'
import type { PageDocument } from './page-document.ts'
import { baseOf } from './metadata.ts'
import { resolveUrl } from './page-url.ts'

interface Network {
  readonly name: string
  readonly host: RegExp
  /** The profile in the path; its first group, or all of it, is the profile. */
  readonly profile: RegExp
  /** First parts of paths that are no profile. */
  readonly never?: readonly string[]
  /** Where the profile's own URL is. */
  readonly origin: string
}

const handle = /^\/([\w.-]{1,100})\/?$/
const common = [
  'share',
  'sharer',
  'sharer.php',
  'intent',
  'home',
  'login',
  'signup',
  'search',
  'hashtag',
  'help',
  'about',
  'legal',
  'privacy',
  'terms',
  'policies',
  'tr',
  'plugins',
  'dialog',
  'embed',
  'p',
  'i',
  'explore',
  'oauth',
]
const networks: readonly Network[] = [
  {
    name: 'facebook',
    host: /^((www|m|web|de-de|[a-z]{2}-[a-z]{2})\.)?(facebook\.com|fb\.com|fb\.me)$/,
    profile: /^\/((?:groups\/|pages\/[^/]{1,100}\/|people\/[^/]{1,100}\/)?[\w.-]{2,100})\/?$/,
    never: [
      'share.php',
      'events',
      'watch',
      'photo.php',
      'photos',
      'story.php',
      'permalink.php',
      'business',
      'ads',
      'marketplace',
      'groups',
      'pages',
      'v2.0',
      'sharer',
    ],
    origin: 'https://www.facebook.com',
  },
  {
    name: 'instagram',
    host: /^(www\.)?instagram\.com$/,
    profile: handle,
    never: ['reel', 'reels', 'stories', 'accounts', 'tv'],
    origin: 'https://www.instagram.com',
  },
  {
    name: 'x',
    host: /^(www\.|mobile\.)?(twitter|x)\.com$/,
    profile: /^\/@?(\w{1,15})\/?$/,
    never: ['widgets', 'messages'],
    origin: 'https://x.com',
  },
  {
    name: 'linkedin',
    host: /^([a-z]{2,3}\.)?linkedin\.com$/,
    profile: /^\/((?:company|in|school|showcase|pub)\/[^/?#]{1,150})(?:\/|$)/,
    origin: 'https://www.linkedin.com',
  },
  {
    name: 'youtube',
    host: /^((www|m)\.)?youtube\.com$/,
    profile: /^\/((?:channel\/|user\/|c\/|@)[^/?#]{1,100})(?:\/|$)/,
    origin: 'https://www.youtube.com',
  },
  {
    name: 'tiktok',
    host: /^(www\.)?tiktok\.com$/,
    profile: /^\/(@[\w.-]{1,50})\/?$/,
    origin: 'https://www.tiktok.com',
  },
  {
    name: 'pinterest',
    host: /^([a-z]{2,3}\.)?pinterest\.(com|de|at|ch|fr|es|it|co\.uk)$/,
    profile: handle,
    never: ['pin'],
    origin: 'https://www.pinterest.com',
  },
  {
    name: 'xing',
    host: /^(www\.)?xing\.com$/,
    profile: /^\/((?:pages|companies|profile)\/[^/?#]{1,100})(?:\/|$)/,
    origin: 'https://www.xing.com',
  },
  {
    name: 'github',
    host: /^(www\.)?github\.com$/,
    profile: /^\/([\w-]{1,39})\/?$/,
    never: ['features', 'pricing', 'topics', 'sponsors', 'marketplace'],
    origin: 'https://github.com',
  },
  {
    name: 'threads',
    host: /^(www\.)?threads\.(net|com)$/,
    profile: /^\/(@[\w.]{1,50})\/?$/,
    origin: 'https://www.threads.net',
  },
  { name: 'bluesky', host: /^bsky\.app$/, profile: /^\/(profile\/[\w.:-]{3,100})\/?$/, origin: 'https://bsky.app' },
  {
    name: 'vimeo',
    host: /^(www\.)?vimeo\.com$/,
    profile: /^\/([a-z][\w-]{1,60})\/?$/,
    never: ['channels', 'groups', 'categories', 'watch'],
    origin: 'https://vimeo.com',
  },
  {
    name: 'telegram',
    host: /^(t|telegram)\.me$/,
    profile: /^\/(\w{4,32})\/?$/,
    never: ['joinchat'],
    origin: 'https://t.me',
  },
  { name: 'whatsapp', host: /^(wa\.me)$/, profile: /^\/(\d{6,15})\/?$/, origin: 'https://wa.me' },
  {
    name: 'tripadvisor',
    host: /^(www\.)?tripadvisor\.(com|de|at|ch|co\.uk|fr|es|it)$/,
    profile: /^\/((?:Restaurant|Hotel|Attraction)_Review-[^/?#]{5,200}\.html)$/,
    origin: 'https://www.tripadvisor.com',
  },
  {
    name: 'yelp',
    host: /^(www\.)?yelp\.(com|de|at|ch|co\.uk|fr)$/,
    profile: /^\/(biz\/[^/?#]{2,150})\/?$/,
    origin: 'https://www.yelp.com',
  },
]

/** The profiles that a page links to or names in its JSON-LD; buttons that share the page are none. */
export function findSocialProfiles(
  document: PageDocument,
  { sameAs }: Pick<StructuredData, 'sameAs'>,
  pageUrl: string,
): Contact[] {
  const base = baseOf(document, pageUrl)
  const seen = new Map<string, Contact>()
  const add = (href: string, method: Contact['method'], snippet: string, confidence: number): void => {
    const found = socialProfile(href, base)
    if (!found || seen.has(found.url)) return
    const { network, url } = found
    seen.set(url, {
      kind: 'social',
      value: url,
      network,
      method,
      sourceUrl: pageUrl,
      snippet: snippet || url,
      confidence,
    })
  }
  for (const one of sameAs) add(one, 'json-ld', one, 0.95)
  for (const { href, text, place } of document.anchors) add(href, 'link', text, place === 'main' ? 0.7 : 0.9)
  return [...seen.values()].slice(0, 100)
}

/** The network and the one URL of a profile; undefined for shares, posts, and everything else. */
export function socialProfile(
  href: string,
  base = 'https://example.invalid/',
): { readonly network: string; readonly url: string } | undefined {
  const absolute = resolveUrl(href, base)
  if (absolute === undefined) return undefined
  const url = new URL(absolute)
  const network = networks.find(({ host }) => host.test(url.hostname))
  if (!network) return undefined
  const id = url.searchParams.get('id')
  if (network.name === 'facebook' && url.pathname === '/profile.php' && /^\d{3,20}$/.test(id ?? '')) {
    return { network: 'facebook', url: `${network.origin}/profile.php?id=${id ?? ''}` }
  }
  // What hands over a page or a text shares it.
  if (['u', 'url', 'text', 'mini'].some((name) => url.searchParams.has(name))) return undefined
  const profile = network.profile.exec(url.pathname)?.[1]
  const first = url.pathname.split('/')[1]?.toLowerCase() ?? ''
  const isDeeper = profile?.includes('/') === true
  if (profile === undefined || common.includes(first) || (!isDeeper && network.never?.includes(first))) return undefined
  const isCaseless = ['x', 'instagram', 'facebook', 'tiktok', 'github'].includes(network.name)
  return { network: network.name, url: `${network.origin}/${isCaseless ? profile.toLowerCase() : profile}` }
}
