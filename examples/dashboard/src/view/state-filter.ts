import { toneOf } from './badge.ts'
import { attributes, html, nothing, type Html } from './html.ts'
import { withQuery } from './table.ts'

/** A list by the states of its rows, each with how many there are. */
export function stateFilter<State extends string>(
  url: URL,
  states: readonly State[],
  counts: Readonly<Partial<Record<State, number>>> | undefined,
  chosen: State | undefined,
  parameter = 'state',
): Html {
  const all = counts && states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  const entry = (state: State | undefined, label: string, count: number | undefined): Html =>
    html`<li>
      <a
        href="${withQuery(url, { [parameter]: state, after: undefined })}"
        ${attributes({ 'aria-current': state === chosen ? 'true' : undefined, class: state && toneOf(state) })}
        >${label}${count === undefined ? nothing : html` <span class="num">${count.toLocaleString('en')}</span>`}</a
      >
    </li>`
  return html`<nav class="states" aria-label="By state">
    <ul>
      ${entry(undefined, 'All', all)} ${states.map((state) => entry(state, state, counts && (counts[state] ?? 0)))}
    </ul>
  </nav>`
}
