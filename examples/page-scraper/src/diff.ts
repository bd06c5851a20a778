import type { SiteMetadata, SiteSnapshot } from './scan-types.ts'

/** One thing that was one way before and is another now. */
export interface Change {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** How a site has changed between two scans. */
export interface SiteDiff {
  readonly isEqual: boolean
  readonly changes: readonly Change[]
  readonly contacts: {
    readonly added: readonly { readonly kind: string; readonly value: string }[]
    readonly removed: readonly { readonly kind: string; readonly value: string }[]
  }
  readonly technologies: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly upgraded: readonly { readonly name: string; readonly before: string; readonly after: string }[]
  }
  readonly pages: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly changed: readonly string[]
  }
}

const fields = [
  'title',
  'description',
  'canonical',
  'metaRobots',
  'generator',
  'language',
  'charset',
  'h1',
  'hreflang',
  'openGraph',
  'twitter',
  'feeds',
  'favicon',
  'logo',
  'forms',
  'organizations',
] as const satisfies readonly (keyof SiteMetadata)[]

/** Compares what two scans found. Counts of words and links are left out: they change with every visit. */
export function diffSnapshots(before: SiteSnapshot, after: SiteSnapshot): SiteDiff {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['verdict', before.verdict, after.verdict],
    ['finalUrl', before.finalUrl, after.finalUrl],
    ...fields.map((field) => [field, before.metadata?.[field], after.metadata?.[field]] as const),
  ]
  const changes = pairs
    .filter(([, a, b]) => canonicalJson(a) !== canonicalJson(b))
    .map(([field, a, b]): Change => ({ field, before: a ?? null, after: b ?? null }))
  const contacts = compare(
    before.contacts,
    after.contacts,
    ({ kind, value }) => `${kind} ${value}`,
    ({ kind, value }) => ({ kind, value }),
  )
  const technologies = compare(before.technologies, after.technologies, nameOf, nameOf)
  const upgraded = technologies.kept.flatMap(([a, b]) =>
    a.version !== undefined && b.version !== undefined && a.version !== b.version
      ? [{ name: a.name, before: a.version, after: b.version }]
      : [],
  )
  const pages = compare(before.pages, after.pages, urlOf, urlOf)
  const changed = pages.kept.filter(([a, b]) => a.contentHash !== b.contentHash).map(([, b]) => b.url)
  const parts = [contacts.added, contacts.removed, technologies.added, technologies.removed, pages.added, pages.removed]
  return {
    isEqual: [changes, upgraded, changed, ...parts].every((list) => list.length === 0),
    changes,
    contacts: { added: contacts.added, removed: contacts.removed },
    technologies: { added: technologies.added, removed: technologies.removed, upgraded },
    pages: { added: pages.added, removed: pages.removed, changed },
  }
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

function urlOf({ url }: { readonly url: string }): string {
  return url
}

function compare<Item, Shown>(
  before: readonly Item[],
  after: readonly Item[],
  keyOf: (item: Item) => string,
  show: (item: Item) => Shown,
): { readonly added: Shown[]; readonly removed: Shown[]; readonly kept: (readonly [Item, Item])[] } {
  const old = new Map(before.map((item) => [keyOf(item), item]))
  const now = new Map(after.map((item) => [keyOf(item), item]))
  return {
    added: [...now].flatMap(([key, item]) => (old.has(key) ? [] : [show(item)])),
    removed: [...old].flatMap(([key, item]) => (now.has(key) ? [] : [show(item)])),
    kept: [...now].flatMap(([key, item]) => {
      const was = old.get(key)
      return was === undefined ? [] : [[was, item] as const]
    }),
  }
}

/** Equal for values that are equal after a way through `jsonb`, which sorts keys and drops what is undefined. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`)
    .join(',')}}`
}
