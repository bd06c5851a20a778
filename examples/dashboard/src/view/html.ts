/**
 * Markup. Only {@link html} and {@link raw} make it, so that a text from outside can never be taken for it.
 */
export class Html {
  readonly #markup: string

  private constructor(markup: string) {
    this.#markup = markup
  }

  /** @internal */
  static of(markup: string): Html {
    return new Html(markup)
  }

  toString(): string {
    return this.#markup
  }
}

/** What can stand in a template. Objects cannot: nobody wants to read `[object Object]`. */
export type Value = Html | string | number | null | undefined | false | readonly Value[]

/** Markup with values in it: texts are escaped, markup is not, lists are joined, nothing is left out. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let markup = strings[0] ?? ''
  for (const [at, value] of values.entries()) markup += markupOf(value) + (strings[at + 1] ?? '')
  return Html.of(markup)
}

/** Markup of our own that is there as a text. Never for what comes from outside. */
export function raw(markup: string): Html {
  return Html.of(markup)
}

/** No markup at all. */
export const nothing = raw('')

/** Attributes with a value; those that are null, undefined or false are left out, true has no value. */
export function attributes(values: Readonly<Record<string, string | number | boolean | null | undefined>>): Html {
  const parts = Object.entries(values).flatMap(([name, value]) => {
    if (value === null || value === undefined || value === false) return []
    return value === true ? [` ${name}`] : [` ${name}="${escape(String(value))}"`]
  })
  return raw(parts.join(''))
}

function markupOf(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(markupOf).join('')
  return escape(String(value))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as it has to stand in an element or a quoted attribute. Control characters, which HTML does not know, show as �. */
export function escape(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
    .replaceAll(/(?![\t\n\r])\p{Cc}/gu, '\uFFFD')
}
