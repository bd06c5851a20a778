import type { Place } from '../extract/page-document.ts'
import { isSameSite, pageKey } from '../extract/page-url.ts'
import { rankPage, type PageKind } from './page-kind.ts'

export interface Candidate {
  readonly url: string
  readonly kind: PageKind
  readonly depth: number
  readonly priority: number
}

const mostWaiting = 3_000

/** The pages of a site that are known and were not visited: each once, the most promising first. */
export class Frontier {
  readonly #home: string
  readonly #maxDepth: number
  readonly #seen = new Set<string>()
  readonly #waiting = new Map<string, Candidate>()

  constructor(home: string, maxDepth: number) {
    this.#home = home
    this.#maxDepth = maxDepth
  }

  /** Whether the page was new. */
  markSeen(url: string): boolean {
    const key = pageKey(url)
    this.#waiting.delete(key)
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    return true
  }

  add(url: string, text: string, place: Place | 'sitemap', depth: number, kind?: PageKind): void {
    if (depth > this.#maxDepth || !isSameSite(url, this.#home)) return
    const key = pageKey(url)
    if (this.#seen.has(key)) return
    const ranked = kind === undefined ? rankPage(url, text, place, depth) : { kind, priority: 1_000 }
    const known = this.#waiting.get(key)
    if (known ? known.priority >= ranked.priority : this.#waiting.size >= mostWaiting) return
    this.#waiting.set(key, { url, depth: known ? Math.min(known.depth, depth) : depth, ...ranked })
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** Takes the most promising page; of equals the one that was found first. */
  take(): Candidate | undefined {
    let best: Candidate | undefined
    for (const one of this.#waiting.values()) if (!best || one.priority > best.priority) best = one
    if (best) this.markSeen(best.url)
    return best
  }
}
