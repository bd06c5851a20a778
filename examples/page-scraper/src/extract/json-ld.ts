import type { PageDocument } from './page-document.ts'
import { resolveUrl } from './page-url.ts'

/** Who runs the site, as it says in its JSON-LD. */
export interface Organization {
  readonly type: string
  readonly name: string | undefined
  readonly url: string | undefined
  readonly logo: string | undefined
  readonly emails: readonly string[]
  readonly phones: readonly string[]
  readonly street: string | undefined
  readonly postalCode: string | undefined
  readonly city: string | undefined
  /** As it is written: a name or a code. */
  readonly country: string | undefined
  readonly sameAs: readonly string[]
}

export interface StructuredData {
  readonly organizations: readonly Organization[]
  /** The types that occur. */
  readonly types: readonly string[]
  readonly emails: readonly string[]
  readonly phones: readonly string[]
  readonly sameAs: readonly string[]
  /** Scripts that could not be read as JSON. */
  readonly invalid: number
}

type Node = Readonly<Record<string, unknown>>

const limits = { scripts: 50, nodes: 5_000, organizations: 20, values: 50, text: 500 } as const
const isOrganization =
  /(Organization|Corporation|LocalBusiness|Business|Restaurant|Store|Shop|Hotel|Dentist|Physician|Attorney|Cafe|CafeOrCoffeeShop|Bakery|BarOrPub|Hospital|MedicalClinic|School|Museum|NGO|Plumber|Electrician|HairSalon|AutoRepair|AutoDealer|Brand|ProfessionalService|LegalService|RealEstateAgent|LodgingBusiness|FoodEstablishment)$/

/** Reads Organization, LocalBusiness and their kind out of a page's JSON-LD, however deep they lie. */
export function readStructuredData({ scripts }: Pick<PageDocument, 'scripts'>, pageUrl: string): StructuredData {
  const texts = scripts.filter(({ type }) => type.startsWith('application/ld+json')).slice(0, limits.scripts)
  const parsed = texts.map(({ text }) => parse(text))
  const nodes = nodesIn(parsed.filter((one) => one !== undefined))
  const organizations: Organization[] = []
  const types = new Set<string>()
  for (const node of nodes) {
    const own = typesOf(node)
    for (const type of own) if (types.size < limits.values) types.add(type)
    const type = own.find((one) => isOrganization.test(one))
    if (type !== undefined && organizations.length < limits.organizations && isDescribed(node)) {
      organizations.push(organizationOf(type, node, pageUrl))
    }
  }
  const values = (name: string): string[] => unique(nodes.flatMap((node) => textsOf(node[name])))
  return {
    organizations,
    types: [...types],
    emails: values('email').map((one) => one.replace(/^mailto:/i, '')),
    phones: unique([...values('telephone'), ...values('phone')]),
    sameAs: values('sameAs'),
    invalid: parsed.filter((one) => one === undefined).length,
  }
}

function parse(text: string): unknown {
  const start = text.search(/[[{]/)
  if (start === -1) return undefined
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  try {
    // Comments, CDATA marks and a semicolon around it are common.
    return JSON.parse(text.slice(start, end + 1)) as unknown
  } catch {
    return undefined
  }
}

/** Every object in it, breadth first and without recursion: depth is the page's to choose. */
function nodesIn(roots: readonly unknown[]): Node[] {
  const nodes: Node[] = []
  const waiting: unknown[] = [...roots]
  for (let at = 0; at < waiting.length && at < limits.nodes * 4 && nodes.length < limits.nodes; at += 1) {
    const value = waiting[at]
    if (typeof value !== 'object' || value === null) continue
    if (!Array.isArray(value)) nodes.push(value as Node)
    for (const inner of Object.values(value)) {
      if (typeof inner === 'object' && inner !== null && waiting.length < limits.nodes * 4) waiting.push(inner)
    }
  }
  return nodes
}

function organizationOf(type: string, node: Node, pageUrl: string): Organization {
  const [address] = [node['address']].flat<unknown[]>()
  const place = typeof address === 'object' && address !== null ? (address as Node) : undefined
  const country = place?.['addressCountry']
  const link = (value: unknown): string | undefined => {
    const [given] = textsOf(typeof value === 'object' && value !== null && !Array.isArray(value) ? urlOf(value) : value)
    return given === undefined ? undefined : resolveUrl(given, pageUrl)
  }
  const [logo] = [node['logo'] ?? node['image']].flat<unknown[]>()
  return {
    type,
    name: first(node['name']) ?? first(node['legalName']),
    url: link(node['url']),
    logo: link(logo),
    emails: textsOf(node['email']).map((one) => one.replace(/^mailto:/i, '')),
    phones: textsOf(node['telephone']),
    street:
      first(place?.['streetAddress']) ?? (typeof address === 'string' ? address.slice(0, limits.text) : undefined),
    postalCode: first(place?.['postalCode']),
    city: first(place?.['addressLocality']),
    country: first(typeof country === 'object' && country !== null ? (country as Node)['name'] : country),
    sameAs: textsOf(node['sameAs']),
  }
}

function urlOf(value: object): unknown {
  const node = value as Node
  return node['url'] ?? node['contentUrl'] ?? node['@id']
}

/** A mere reference (`{"@type":"Organization","@id":"…"}`) says nothing. */
function isDescribed(node: Node): boolean {
  return ['name', 'legalName', 'telephone', 'email', 'address'].some((name) => node[name] !== undefined)
}

function typesOf(node: Node): string[] {
  return textsOf(node['@type']).map((one) => one.replace(/^https?:\/\/schema\.org\//, ''))
}

function first(value: unknown): string | undefined {
  return textsOf(value)[0]
}

function textsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value.slice(0, limits.values) : [value]
  return list.flatMap((one: unknown) => {
    if (typeof one === 'number') return [String(one)]
    if (typeof one !== 'string') return []
    const text = one.trim().slice(0, limits.text)
    return text === '' ? [] : [text]
  })
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].slice(0, limits.values)
}
