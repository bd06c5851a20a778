/** Where evidence is looked for. */
export type Source =
  | 'generator'
  | 'meta'
  | 'script'
  | 'stylesheet'
  | 'resource'
  | 'iframe'
  | 'inline'
  | 'class'
  | 'id'
  | 'comment'
  | 'header'
  | 'cookie'

/** One thing that points to a technology. */
export interface Evidence {
  readonly source: Source
  /** Of a header, a cookie or a meta element: its name, lower case. */
  readonly name?: string
  /**
   * Has to be found in the value. Its first group, if there is one, is the version. It must not repeat without a bound.
   * Without one, that the name occurs is enough.
   */
  readonly pattern?: RegExp
  /** How sure it makes, from 0 to 1; independent pieces add up. */
  readonly weight: number
  /** Only what the site itself serves counts. */
  readonly ownHost?: boolean
}

export interface Technology {
  readonly name: string
  readonly category: string
  readonly evidence: readonly Evidence[]
  /** What cannot be there without it. */
  readonly implies?: readonly string[]
}

/** A technology that a site uses. */
export interface DetectedTechnology {
  readonly name: string
  readonly category: string
  readonly version: string | undefined
  /** From 0 to 1. */
  readonly confidence: number
  /** What was found, for people. */
  readonly evidence: readonly string[]
}
