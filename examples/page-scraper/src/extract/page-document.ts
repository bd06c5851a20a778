/** The attributes of an element by lower-case name; the first of a name counts. */
export type Attributes = ReadonlyMap<string, string>

/** In which part of the page an element stands. */
export type Place = 'nav' | 'header' | 'footer' | 'main'

export interface Anchor {
  readonly href: string
  readonly rel: string
  readonly text: string
  readonly place: Place
}

export interface Script {
  readonly src: string | undefined
  readonly type: string
  /** The text of an inline script, of bounded length. */
  readonly text: string
}

export interface Form {
  readonly action: string
  readonly method: 'get' | 'post'
  /** `name:type` of the fields, bounded. */
  readonly fields: readonly string[]
}

export interface Image {
  readonly attributes: Attributes
  readonly place: Place
}

/** Something that Cloudflare's e-mail obfuscation replaced. */
export interface ProtectedEmail {
  readonly code: string
  /** How much text precedes it. */
  readonly textOffset: number
}

/**
 * What one pass over a page's HTML keeps of it. Everything is bounded: no page makes it larger than a few megabytes, and
 * nothing in it is a tree.
 */
export interface PageDocument {
  /** Of `<html>`. */
  readonly lang: string | undefined
  readonly title: string | undefined
  readonly base: string | undefined
  readonly metas: readonly Attributes[]
  readonly links: readonly Attributes[]
  readonly anchors: readonly Anchor[]
  readonly images: readonly Image[]
  readonly scripts: readonly Script[]
  readonly iframes: readonly string[]
  readonly forms: readonly Form[]
  /** The text of each `<h1>`. */
  readonly headings: readonly string[]
  /** The class names that occur. */
  readonly classes: ReadonlySet<string>
  /** The ids that occur. */
  readonly ids: ReadonlySet<string>
  readonly comments: readonly string[]
  readonly protectedEmails: readonly ProtectedEmail[]
  /** What a visitor reads, spaces collapsed, blocks divided by a line break. */
  readonly text: string
}
