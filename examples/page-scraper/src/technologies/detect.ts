import type { PageDocument } from '../extract/page-document.ts'
import { baseOf } from '../extract/metadata.ts'
import { registrableDomainOf, resolveUrl } from '../extract/page-url.ts'
import { catalogue } from './catalogue.ts'
import type { DetectedTechnology, Evidence, Source, Technology } from './technology.ts'
import { wordPressParts } from './wordpress.ts'

/** Evidence below this is chance. */
const threshold = 0.5
const mostEvidence = 5

/** A value that evidence is looked for in. */
interface Value {
  readonly text: string
  readonly name?: string
  readonly isOwn?: boolean
}

type Values = Readonly<Record<Source, readonly Value[]>>

/** The URLs of what a page loads. */
export interface Resource {
  readonly url: string
  readonly kind: 'script' | 'stylesheet' | 'other'
  readonly isOwn: boolean
}

/**
 * What a page is made with, by weighted evidence: the confidence is the chance that not all of it deceives.
 *
 * It looks at what the page loads, declares and was sent with, never at its words.
 */
export function detectTechnologies(document: PageDocument, headers: Headers, pageUrl: string): DetectedTechnology[] {
  const resources = resourcesOf(document, pageUrl)
  const values = valuesOf(document, headers, resources)
  const found = new Map<string, DetectedTechnology>()
  for (const technology of catalogue) {
    const detected = judge(technology, values)
    if (detected) found.set(technology.name, detected)
  }
  for (const one of catalogue) {
    const by = found.get(one.name)
    if (by) for (const name of one.implies ?? []) imply(found, name, by)
  }
  const parts = found.has('WordPress') ? wordPressParts(resources, found.get('WordPress')?.version) : []
  return [...found.values(), ...parts]
}

/** One entry for each technology over all pages of a site: the surest, with whatever version one of them knew. */
export function mergeTechnologies(pages: readonly (readonly DetectedTechnology[])[]): DetectedTechnology[] {
  const merged = new Map<string, DetectedTechnology>()
  for (const one of pages.flat()) {
    const known = merged.get(one.name)
    if (!known) merged.set(one.name, one)
    else {
      const surest = one.confidence > known.confidence ? one : known
      merged.set(one.name, { ...surest, version: known.version ?? one.version })
    }
  }
  return [...merged.values()].sort((a, b) => b.confidence - a.confidence || (a.name < b.name ? -1 : 1))
}

function judge({ name, category, evidence }: Technology, values: Values): DetectedTechnology | undefined {
  let doubt = 1
  let version: string | undefined
  const said: string[] = []
  for (const one of evidence) {
    const hit = find(one, values[one.source])
    if (!hit) continue
    doubt *= 1 - one.weight
    version ??= hit.version
    if (said.length < mostEvidence) said.push(`${one.source}${one.name ? ` ${one.name}` : ''}: ${hit.text}`)
  }
  const confidence = Math.round((1 - doubt) * 1_000) / 1_000
  return confidence < threshold ? undefined : { name, category, version, confidence, evidence: said }
}

function find(
  { name, pattern, ownHost }: Evidence,
  values: readonly Value[],
): { readonly text: string; readonly version: string | undefined } | undefined {
  let found: { readonly text: string; readonly version: string | undefined } | undefined
  for (const value of values) {
    if ((name !== undefined && value.name !== name) || (ownHost && !value.isOwn)) continue
    if (!pattern) return { text: value.text.slice(0, 150), version: undefined }
    const match = pattern.exec(value.text)
    if (!match) continue
    const version = match
      .slice(1)
      .find((group: string | undefined) => group !== undefined && /^\d/.test(group))
      ?.replace(/\.+$/, '')
    const from = Math.max(0, match.index - 40)
    found ??= { text: value.text.slice(from, from + 150), version }
    if (version !== undefined) return { text: value.text.slice(from, from + 150), version }
    // A later one may know the version, but script texts are large.
    if (value.text.length > 2_000) return found
  }
  return found
}

function imply(found: Map<string, DetectedTechnology>, name: string, by: DetectedTechnology): void {
  const technology = catalogue.find((one) => one.name === name)
  if (!technology || found.has(name)) return
  const { category } = technology
  found.set(name, {
    name,
    category,
    version: undefined,
    confidence: by.confidence,
    evidence: [`implied by ${by.name}`],
  })
}

function resourcesOf(document: PageDocument, pageUrl: string): Resource[] {
  const base = baseOf(document, pageUrl)
  const site = registrableDomainOf(pageUrl)
  const host = new URL(pageUrl).hostname
  const resources: Resource[] = []
  const add = (reference: string | undefined, kind: Resource['kind']): void => {
    const url = reference === undefined ? undefined : resolveUrl(reference, base)
    if (url === undefined) return
    const domain = registrableDomainOf(url)
    const isOwn = domain === undefined ? new URL(url).hostname === host : domain === site
    resources.push({ url, kind, isOwn })
  }
  for (const { src } of document.scripts) add(src, 'script')
  for (const link of document.links) {
    const rel = (link.get('rel') ?? '').toLowerCase()
    if (rel.includes('stylesheet')) add(link.get('href'), 'stylesheet')
    else if (/icon|preload|modulepreload|https:\/\/api\.w\.org/.test(rel)) add(link.get('href'), 'other')
  }
  for (const { attributes } of document.images.slice(0, 300)) add(attributes.get('src'), 'other')
  return resources
}

function valuesOf(document: PageDocument, headers: Headers, resources: readonly Resource[]): Values {
  const url = ({ url: text, isOwn }: Resource): Value => ({ text, isOwn })
  const metas = document.metas.flatMap((one): Value[] => {
    const name = (one.get('name') ?? one.get('property'))?.toLowerCase()
    return name === undefined ? [] : [{ name, text: (one.get('content') ?? '').slice(0, 500) }]
  })
  return {
    generator: metas.filter(({ name }) => name === 'generator'),
    meta: metas,
    script: resources.filter(({ kind }) => kind === 'script').map(url),
    stylesheet: resources.filter(({ kind }) => kind === 'stylesheet').map(url),
    resource: resources.map(url),
    iframe: document.iframes.map((text) => ({ text: text.slice(0, 500) })),
    inline: document.scripts.filter(isProgram).map(({ text }) => ({ text })),
    class: [...document.classes].map((text) => ({ text })),
    id: [...document.ids].map((text) => ({ text })),
    comment: document.comments.map((text) => ({ text })),
    header: [...headers].map(([name, text]) => ({ name, text: text.slice(0, 1_000) })),
    cookie: headers
      .getSetCookie()
      .map((text) => ({ name: text.split('=', 1)[0]?.trim().toLowerCase() ?? '', text: 'set' })),
  }
}

function isProgram({ type, text }: PageDocument['scripts'][number]): boolean {
  return text !== '' && (type === '' || type === 'module' || type.includes('javascript') || type === 'application/json')
}
