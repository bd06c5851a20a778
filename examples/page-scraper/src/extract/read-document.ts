import { Tokenizer } from 'htmlparser2'
import type { Anchor, Attributes, Form, Image, PageDocument, Place, ProtectedEmail, Script } from './page-document.ts'
import { TextCollector } from './text-collector.ts'

const limits = {
  attribute: 20_000,
  attributes: 100,
  metas: 500,
  links: 1_000,
  anchors: 5_000,
  images: 2_000,
  scripts: 500,
  scriptText: 300_000,
  allScriptText: 2_000_000,
  iframes: 200,
  forms: 100,
  fields: 50,
  headings: 20,
  names: 5_000,
  nameText: 2_000,
  comments: 200,
  commentText: 300,
  label: 500,
} as const

const silent = new Set(['script', 'style', 'template', 'noscript', 'textarea', 'iframe', 'noembed', 'noframes', 'svg'])
const inline = new Set(
  'a abbr b bdi bdo cite code data del dfn em font i img ins kbd label mark q s samp small span strong sub sup time tt u var wbr'.split(
    ' ',
  ),
)
/** Elements whose attributes matter; of the others only class and id are kept. */
const telling = new Set('html base meta link a img script iframe form input select textarea button'.split(' '))
const places = new Map<string, Place>([
  ['nav', 'nav'],
  ['header', 'header'],
  ['footer', 'footer'],
])
const noAttributes: Attributes = new Map()

/**
 * Reads a page in one pass over its tokens, in time and memory linear in its length.
 *
 * There is no tree: depth costs nothing, an element that is never closed harms nothing but the place of what follows.
 */
export function readDocument(html: string): PageDocument {
  const reader = new DocumentReader(html)
  const tokenizer = new Tokenizer({ decodeEntities: true }, reader)
  tokenizer.write(html)
  tokenizer.end()
  return reader.document()
}

type Collecting = { readonly kind: 'title' | 'h1' | 'anchor' | 'script'; text: string } | undefined

class DocumentReader {
  readonly #html: string
  readonly #text = new TextCollector()
  readonly #open = new Map<string, number>()
  #silence = 0

  // The tag that is being read.
  #name = ''
  #attribute = ''
  #value = ''
  #attributes = new Map<string, string>()

  // The element whose text is being collected besides the page's own.
  #anchor: { href: string; rel: string; place: Place; text: string } | undefined
  #collecting: Collecting
  #script: { src: string | undefined; type: string } | undefined
  #form: { action: string; method: 'get' | 'post'; fields: string[] } | undefined
  #scriptBudget: number = limits.allScriptText

  #lang: string | undefined
  #title: string | undefined
  #base: string | undefined
  readonly #metas: Attributes[] = []
  readonly #links: Attributes[] = []
  readonly #anchors: Anchor[] = []
  readonly #images: Image[] = []
  readonly #scripts: Script[] = []
  readonly #iframes: string[] = []
  readonly #forms: Form[] = []
  readonly #headings: string[] = []
  readonly #classes = new Set<string>()
  readonly #ids = new Set<string>()
  readonly #comments: string[] = []
  readonly #protectedEmails: ProtectedEmail[] = []

  constructor(html: string) {
    this.#html = html
  }

  document(): PageDocument {
    this.#endAnchor()
    this.#endCollecting()
    return {
      lang: this.#lang,
      title: this.#title,
      base: this.#base,
      metas: this.#metas,
      links: this.#links,
      anchors: this.#anchors,
      images: this.#images,
      scripts: this.#scripts,
      iframes: this.#iframes,
      forms: this.#forms,
      headings: this.#headings,
      classes: this.#classes,
      ids: this.#ids,
      comments: this.#comments,
      protectedEmails: this.#protectedEmails,
      text: this.#text.toString(),
    }
  }

  onopentagname(start: number, end: number): void {
    this.#name = this.#html.slice(start, end).toLowerCase()
    this.#attributes = new Map()
  }

  onattribname(start: number, end: number): void {
    this.#attribute = this.#html.slice(start, end).toLowerCase()
    this.#value = ''
  }

  onattribdata(start: number, end: number): void {
    const room = limits.attribute - this.#value.length
    if (room > 0) this.#value += this.#html.slice(start, Math.min(end, start + room))
  }

  onattribentity(codePoint: number): void {
    if (this.#value.length < limits.attribute) this.#value += String.fromCodePoint(codePoint)
  }

  onattribend(): void {
    const wanted = telling.has(this.#name) || this.#attribute === 'class' || this.#attribute === 'id'
    const isCode = this.#attribute === 'data-cfemail'
    if ((wanted || isCode) && this.#attributes.size < limits.attributes && !this.#attributes.has(this.#attribute)) {
      this.#attributes.set(this.#attribute, this.#value)
    }
    this.#value = ''
  }

  onopentagend(): void {
    const name = this.#name
    const attributes = this.#attributes
    this.#keepNames(attributes)
    if (!inline.has(name)) this.#breakLine()
    const code = attributes.get('data-cfemail')
    if (code !== undefined && this.#protectedEmails.length < limits.names) {
      this.#protectedEmails.push({ code, textOffset: this.#text.length })
    }
    if (silent.has(name)) this.#enter(name)
    if (places.has(name)) this.#count(name, 1)
    this.#element(name, attributes)
    this.#attributes = noAttributes as Map<string, string>
  }

  onselfclosingtag(): void {
    const name = this.#name
    this.onopentagend()
    // In HTML the slash means nothing, but in SVG it ends the element.
    if (name === 'svg') this.#leave(name)
  }

  onclosetag(start: number, end: number): void {
    const name = this.#html.slice(start, Math.min(end, start + 20)).toLowerCase()
    if (silent.has(name)) this.#leave(name)
    if (places.has(name)) this.#count(name, -1)
    if (!inline.has(name)) this.#breakLine()
    if (name === 'a') this.#endAnchor()
    else if (name === 'form') this.#form = undefined
    else if (name === 'title' || name === 'h1' || name === 'script') this.#endCollecting()
  }

  ontext(start: number, end: number): void {
    const collecting = this.#collecting
    if (collecting?.kind === 'script') {
      const room = Math.min(limits.scriptText - collecting.text.length, this.#scriptBudget)
      if (room <= 0) return
      const part = this.#html.slice(start, Math.min(end, start + room))
      collecting.text += part
      this.#scriptBudget -= part.length
      return
    }
    if (collecting?.kind === 'title') {
      this.#collect(start, end)
      return
    }
    if (this.#silence > 0) return
    this.#collect(start, end)
    this.#text.add(this.#html, start, end)
  }

  ontextentity(codePoint: number): void {
    const text = String.fromCodePoint(codePoint)
    if (this.#collecting && this.#collecting.kind !== 'script' && this.#collecting.text.length < limits.label * 4) {
      this.#collecting.text += text
    }
    if (this.#silence > 0 || this.#collecting?.kind === 'title') return
    if (this.#anchor && this.#anchor.text.length < limits.label) this.#anchor.text += text
    this.#text.add(text, 0, text.length)
  }

  oncomment(start: number, end: number, endOffset: number): void {
    if (this.#comments.length >= limits.comments) return
    const length = Math.min(end - endOffset - start, limits.commentText)
    if (length > 0) this.#comments.push(this.#html.slice(start, start + length).trim())
  }

  oncdata(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}

  #element(name: string, attributes: Attributes): void {
    const push = <T>(list: T[], item: T, limit: number): void => {
      if (list.length < limit) list.push(item)
    }
    switch (name) {
      case 'html':
        this.#lang ??= attributes.get('lang') ?? attributes.get('xml:lang')
        return
      case 'base':
        this.#base ??= attributes.get('href')
        return
      case 'title':
        // The title of a drawing is none of the page.
        if (!this.#open.get('svg')) this.#collecting = { kind: 'title', text: '' }
        return
      case 'h1':
        this.#endCollecting()
        this.#collecting = { kind: 'h1', text: '' }
        return
      case 'meta':
        push(this.#metas, attributes, limits.metas)
        return
      case 'link':
        push(this.#links, attributes, limits.links)
        return
      case 'a':
        this.#endAnchor()
        this.#beginAnchor(attributes)
        return
      case 'img':
        push(this.#images, { attributes, place: this.#place() }, limits.images)
        if (this.#anchor && this.#anchor.text.length < limits.label) this.#anchor.text += attributes.get('alt') ?? ''
        return
      case 'iframe':
        push(this.#iframes, attributes.get('src') ?? '', limits.iframes)
        return
      case 'script':
        this.#endCollecting()
        this.#script = { src: attributes.get('src'), type: attributes.get('type')?.trim().toLowerCase() ?? '' }
        this.#collecting = { kind: 'script', text: '' }
        return
      case 'form': {
        const method = attributes.get('method')?.toLowerCase() === 'post' ? 'post' : 'get'
        this.#form = { action: attributes.get('action') ?? '', method, fields: [] }
        push(this.#forms, this.#form, limits.forms)
        return
      }
      case 'input':
      case 'select':
      case 'textarea': {
        const type = name === 'input' ? (attributes.get('type')?.toLowerCase() ?? 'text') : name
        const field = `${attributes.get('name')?.slice(0, 100) ?? ''}:${type.slice(0, 20)}`
        if (this.#form) push(this.#form.fields, field, limits.fields)
      }
    }
  }

  #beginAnchor(attributes: Attributes): void {
    const href = attributes.get('href')?.trim()
    if (href === undefined) return
    const rel = attributes.get('rel')?.toLowerCase() ?? ''
    const label = attributes.get('aria-label') ?? attributes.get('title') ?? ''
    this.#anchor = { href, rel, place: this.#place(), text: label === '' ? '' : `${label.slice(0, limits.label)} ` }
  }

  #endAnchor(): void {
    const anchor = this.#anchor
    this.#anchor = undefined
    if (!anchor || this.#anchors.length >= limits.anchors) return
    this.#anchors.push({ ...anchor, text: collapse(anchor.text).slice(0, limits.label) })
  }

  #endCollecting(): void {
    const collecting = this.#collecting
    this.#collecting = undefined
    if (!collecting) return
    const text = collecting.kind === 'script' ? collecting.text : collapse(collecting.text).slice(0, limits.label * 2)
    if (collecting.kind === 'title') this.#title ??= text === '' ? undefined : text
    if (collecting.kind === 'h1' && text !== '' && this.#headings.length < limits.headings) this.#headings.push(text)
    if (collecting.kind === 'script' && this.#script && this.#scripts.length < limits.scripts) {
      this.#scripts.push({ ...this.#script, text })
      this.#script = undefined
    }
  }

  #collect(start: number, end: number): void {
    const { label } = limits
    if (this.#collecting && this.#collecting.text.length < label * 4) {
      this.#collecting.text += this.#html.slice(start, Math.min(end, start + label * 4))
    }
    if (this.#anchor && this.#anchor.text.length < label) {
      this.#anchor.text += this.#html.slice(start, Math.min(end, start + label))
    }
  }

  #breakLine(): void {
    this.#text.breakLine()
    if (this.#anchor && this.#anchor.text.length < limits.label) this.#anchor.text += ' '
    if (this.#collecting?.kind === 'h1' && this.#collecting.text.length < limits.label * 4) this.#collecting.text += ' '
  }

  #keepNames(attributes: Attributes): void {
    const id = attributes.get('id')
    if (id && this.#ids.size < limits.names) this.#ids.add(id.slice(0, 100))
    const value = attributes.get('class')
    if (!value || this.#classes.size >= limits.names) return
    for (const one of value.slice(0, limits.nameText).split(/\s/)) if (one !== '') this.#classes.add(one)
  }

  #place(): Place {
    for (const place of places.values()) if (this.#open.get(place)) return place
    return 'main'
  }

  #enter(name: string): void {
    this.#count(name, 1)
    this.#silence += 1
  }

  #leave(name: string): void {
    if (!this.#open.get(name)) return
    this.#count(name, -1)
    this.#silence -= 1
  }

  #count(name: string, by: number): void {
    this.#open.set(name, Math.max(0, (this.#open.get(name) ?? 0) + by))
  }
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
