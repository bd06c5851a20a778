import { attributes, html, nothing, type Html, type Value } from './html.ts'

export interface TableColumn<Row> {
  /** Empty for a column of controls, which needs a `label` then. */
  readonly title: string
  readonly label?: string
  /** Numbers stand at the right, in figures of equal width. */
  readonly kind?: 'text' | 'number' | 'grow' | 'tight'
  /** Left out on a narrow screen. */
  readonly minor?: boolean
  readonly cell: (row: Row) => Value
}

export interface TableOptions<Row> {
  readonly caption: string
  readonly rows: readonly Row[]
  readonly columns: readonly TableColumn<Row>[]
  /** Lets an update change the row in its place. */
  readonly rowId?: (row: Row) => string
  /** Stands instead of the table when there are no rows. */
  readonly empty: Html
}

/** A table whose header stays in sight. */
export function table<Row>({ caption, rows, columns, rowId, empty }: TableOptions<Row>): Html {
  if (rows.length === 0) return empty
  const classOf = ({ kind = 'text', minor }: TableColumn<Row>): string => (minor ? `${kind} minor` : kind)
  return html`<div class="table-wrap" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption class="sr-only">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(
            (column) =>
              html`<th scope="col" class="${classOf(column)}">
                ${column.title === '' ? html`<span class="sr-only">${column.label ?? ''}</span>` : column.title}
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr${attributes({ id: rowId?.(row) })}>${columns.map((column) => html`<td class="${classOf(column)}">${column.cell(row)}</td>`)}</tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** Nothing is there, and what to do about it. */
export function empty(title: string, hint: Value = nothing): Html {
  return html`<div class="empty">
    <p class="empty-title">${title}</p>
    <p>${hint}</p>
  </div>`
}

/** What is known about one thing. */
export function facts(list: readonly (readonly [label: string, value: Value])[]): Html {
  return html`<dl class="facts">
    ${list.map(
      ([label, value]) =>
        html`<div>
          <dt>${label}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`
}

/** Links to the first and the next page. Going back is the browser's. */
export function pager(url: URL, next: string | number | undefined, isFirst: boolean): Html {
  if (next === undefined && isFirst) return nothing
  return html`<nav class="pager" aria-label="Pages">
    ${isFirst ? nothing : html`<a href="${withQuery(url, { after: undefined })}">First page</a>`}
    ${next === undefined ? html`<span class="quiet">End of the list</span>` : html`<a rel="next" href="${withQuery(url, { after: String(next) })}">Next page</a>`}
  </nav>`
}

/** The address with other parameters; those that are undefined are left out. */
export function withQuery(url: URL, changes: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(url.searchParams)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  return text === '' ? url.pathname : `${url.pathname}?${text}`
}
