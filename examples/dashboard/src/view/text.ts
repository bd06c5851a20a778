import { html, nothing, type Html, type Value } from './html.ts'

const shownCharacters = 300

/**
 * A text of somebody else: isolated, so that its direction cannot reorder what stands around it, and cut, so that its length
 * cannot push the rest away. The title has more of it.
 */
export function foreign(text: string | null | undefined, max = shownCharacters): Html {
  if (text === null || text === undefined || text === '') return none()
  const cut = shorten(text, max)
  return cut === text
    ? html`<bdi class="foreign">${text}</bdi>`
    : html`<bdi class="foreign" title="${shorten(text, 2_000)}">${cut}</bdi>`
}

/** The same in a cell that is narrower than the text: one line, the rest in the title. */
export function clipped(text: string | null | undefined, className = 'clip'): Html {
  if (text === null || text === undefined || text === '') return none()
  return html`<bdi class="${className}" title="${shorten(text, 1_000)}">${shorten(text, shownCharacters)}</bdi>`
}

/** There is no value. */
export function none(): Html {
  return html`<span class="none" aria-label="none">–</span>`
}

/** Cuts between characters, never inside one. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text
  return `${text
    .slice(0, max)
    .toWellFormed()
    .replace(/\uFFFD$/, '')}…`
}

const whole = new Intl.NumberFormat('en')
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 3 })

export function number(value: number | null | undefined): Html {
  return value === null || value === undefined ? none() : html`${whole.format(value)}`
}

export function decimal(value: number | null | undefined, unit = ''): Html {
  return value === null || value === undefined ? none() : html`${tenths.format(value)}${unit}`
}

export function percent(share: number): string {
  return `${Math.floor(share * 100)} %`
}

export function money(usd: number): string {
  return dollars.format(usd)
}

export function bytes(value: number | null): Html {
  if (value === null) return none()
  if (value < 1_000) return html`${value} B`
  const units = ['kB', 'MB', 'GB']
  const step = Math.min(units.length, Math.floor(Math.log10(value) / 3))
  return html`${tenths.format(value / 1_000 ** step)} ${units[step - 1]}`
}

/** `1 job`, `3 jobs`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${whole.format(value)} ${value === 1 ? one : many}`
}

/** An id that can be copied: all of it for the clipboard and the title, its end for the eye. */
export function id(value: string, shown = `…${value.slice(-8)}`): Html {
  return html`<span class="id"
    ><code title="${value}">${shown}</code
    ><button type="button" class="copy" data-copy="${value}" aria-label="Copy the id ${value}" hidden></button
  ></span>`
}

/** Data as it is stored, to be read by people. */
export function json(value: unknown, label: string): Html {
  if (value === null || value === undefined) return html`<p class="quiet">None.</p>`
  const text = JSON.stringify(value, null, 2)
  return html`<pre
    class="data"
    tabindex="0"
    role="region"
    aria-label="${label}"
  ><code dir="auto">${shorten(text, 20_000)}</code></pre>`
}

/** A link to somewhere else; only http and https are links, whatever the text says. */
export function outside(url: string | null, shown: Value = url): Html {
  if (url === null) return none()
  if (!/^https?:\/\//i.test(url)) return foreign(url)
  const text = typeof shown === 'string' ? clipped(shown) : (shown ?? nothing)
  return html`<a class="outside" href="${url}" rel="noreferrer noopener" target="_blank">${text}</a>`
}
