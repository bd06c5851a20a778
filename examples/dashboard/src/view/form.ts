import { attributes, html, nothing, type Html, type Value } from './html.ts'

export interface FieldOptions {
  readonly label: string
  readonly name: string
  readonly value?: string | number | undefined
  readonly type?: 'text' | 'search' | 'number' | 'url' | 'password' | 'file'
  readonly hint?: string
  readonly required?: boolean
  readonly min?: number
  readonly max?: number
  readonly step?: string
  readonly placeholder?: string
  readonly size?: 'short' | 'medium' | 'long'
  readonly accept?: string
  readonly maxLength?: number
  readonly autocomplete?: string
}

/** A labelled input. Its id is its name: a name stands once in a page, or `prefix` tells them apart. */
export function field(options: FieldOptions, prefix = 'f'): Html {
  const { label, name, value, type = 'text', hint, size = 'medium', maxLength, ...rest } = options
  const id = `${prefix}-${name}`
  return html`<div class="field ${size}">
    <label for="${id}">${label}</label>
    <input${attributes({ ...rest, id, name, type, value, maxlength: maxLength, dir: type === 'text' || type === 'search' ? 'auto' : undefined, 'aria-describedby': hint ? `${id}-hint` : undefined })}>
    ${hint ? html`<small id="${id}-hint">${hint}</small>` : nothing}
  </div>`
}

/** A labelled list of choices. */
export function select(
  options: {
    readonly label: string
    readonly name: string
    readonly value: string | undefined
    readonly choices: readonly (string | readonly [value: string, label: string])[]
  },
  prefix = 'f',
): Html {
  const { label, name, value, choices } = options
  const id = `${prefix}-${name}`
  return html`<div class="field short">
    <label for="${id}">${label}</label>
    <select id="${id}" name="${name}">
      ${choices.map((choice) => {
        const [key, text] = typeof choice === 'string' ? [choice, choice.replaceAll('_', ' ')] : choice
        return html`<option${attributes({ value: key, selected: key === (value ?? '') })}>${text}</option>`
      })}
    </select>
  </div>`
}

/** A form whose filters end in the address, so that it can be passed on. */
export function filterForm(action: string, fields: Value, isFiltered: boolean): Html {
  return html`<form class="filters" method="get" action="${action}" role="search" aria-label="Filter">
    ${fields}
    <div class="field-actions">
      <button type="submit">Filter</button>
      ${isFiltered ? html`<a class="button quiet-button" href="${action}">Clear</a>` : nothing}
    </div>
  </form>`
}

/** The field that proves that a form is ours. */
export function csrfField(token: string): Html {
  return html`<input type="hidden" name="csrf" value="${token}" />`
}

export interface ActionOptions {
  readonly action: string
  readonly csrf: string
  readonly text: string
  /** Asked before it is done. */
  readonly confirm?: string
  readonly kind?: 'primary' | 'danger' | 'plain'
  readonly values?: Readonly<Record<string, string>>
}

/** A button that changes something: a form, so that no link and no reload does it. */
export function actionButton({ action, csrf, text, confirm, kind = 'plain', values = {} }: ActionOptions): Html {
  return html`<form class="action" method="post" action="${action}" ${attributes({ 'data-confirm': confirm })}>
    ${csrfField(csrf)}
    ${Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button type="submit" class="${kind}">${text}</button>
  </form>`
}

/** What was wrong with what somebody sent, above the form that still has it. */
export function problem(message: string | undefined, hint?: string): Html {
  if (message === undefined) return nothing
  return html`<div class="problem" role="alert">
    <p><bdi>${message}</bdi></p>
    ${hint ? html`<p><bdi>${hint}</bdi></p>` : nothing}
  </div>`
}
