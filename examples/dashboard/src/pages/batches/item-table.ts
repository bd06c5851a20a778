import type { BatchItem } from '@pooler-safe/example-batch-processor'
import type { ScanSummary } from '@pooler-safe/example-page-scraper'
import { badge } from '../../view/badge.ts'
import { html, type Html } from '../../view/html.ts'
import { empty, table } from '../../view/table.ts'
import { clipped, count, none, shorten } from '../../view/text.ts'
import { took, when } from '../../view/time.ts'

/** The items of a batch in the order of the input, each with what came of it. */
export function itemTable(items: readonly BatchItem[], isFiltered: boolean): Html {
  return table<BatchItem>({
    caption: 'Items in the order of the input',
    rows: items,
    rowId: ({ ordinal }) => `item-${ordinal}`,
    empty: isFiltered ? empty('No item fulfils the filter.') : empty('The batch has no items yet.'),
    columns: [
      { title: 'Line', kind: 'number', cell: ({ ordinal }) => ordinal },
      {
        title: 'Site',
        cell: ({ host, input }) => html`<bdi class="clip strong" title="${shorten(input, 500)}">${host}</bdi>`,
      },
      { title: 'State', kind: 'tight', cell: ({ state }) => badge(state) },
      { title: 'Result', kind: 'grow', cell: resultOf },
      { title: 'Attempts', kind: 'number', minor: true, cell: ({ attempts }) => attempts },
      { title: 'Took', kind: 'number', minor: true, cell: ({ startedAt, finishedAt }) => took(startedAt, finishedAt) },
      { title: 'Finished', kind: 'number', minor: true, cell: ({ finishedAt }) => when(finishedAt) },
    ],
  })
}

/** The title of a page, what a scan found, or the error; of other processors the result as it is stored. */
function resultOf({ result, error, errorCode, state }: BatchItem): Html {
  if (error !== null) {
    const again = state === 'queued' ? 'again after ' : ''
    return html`<bdi class="clip" title="${shorten(error, 1_000)}"
      >${again}<b>${errorCode}</b> ${shorten(error, 300)}</bdi
    >`
  }
  if (result === null || result === undefined) return none()
  if (isScan(result)) return scanOf(result)
  const { title, status } = result as { readonly title?: unknown; readonly status?: unknown }
  const text = typeof title === 'string' ? title : JSON.stringify(result)
  return typeof status === 'number'
    ? html`<bdi class="clip" title="${shorten(text, 1_000)}"
        ><span class="num quiet">${status}</span> ${shorten(text, 300)}</bdi
      >`
    : clipped(text)
}

/** What an item of a `domain-scan` batch leaves. */
type ScanResult = Pick<ScanSummary, 'scanId' | 'verdict' | 'pagesVisited' | 'contacts' | 'technologies'>

function isScan(result: unknown): result is ScanResult {
  return typeof result === 'object' && result !== null && 'scanId' in result && 'pagesVisited' in result
}

function scanOf({ scanId, verdict, pagesVisited, contacts, technologies }: ScanResult): Html {
  return html`<a href="/scans/${scanId}">${badge(verdict)}</a> ${count(pagesVisited, 'page')},
    ${count(contacts, 'contact')}, ${count(technologies, 'technology', 'technologies')}`
}
