import type { BackendAudit, Residue } from '@pooler-safe/testkit'
import { auditSentence } from '@pooler-safe/example-job-service/demo'
import { badge } from '../view/badge.ts'
import { actionButton, problem } from '../view/form.ts'
import { html, nothing, type Html } from '../view/html.ts'
import { section } from '../view/layout.ts'
import { empty, table } from '../view/table.ts'
import { clipped, foreign } from '../view/text.ts'
import { duration, when } from '../view/time.ts'
import type { AuditResult } from './monitor.ts'

/** What every backend was left with, when that was asked last. */
export function auditSection(result: AuditResult | undefined, csrf: string): Html {
  const button = actionButton({ action: '/pooler/audit', csrf, text: 'Audit now', kind: 'primary' })
  return html`<div id="audit">${section('Dirty-backend audit', bodyOf(result), button)}</div>`
}

function bodyOf(result: AuditResult | undefined): Html {
  if (!result) {
    return empty(
      'Not audited yet',
      'An audit holds a transaction open on every backend at once and asks each what a client left on it.',
    )
  }
  const { audits, at, tookMs, failed } = result
  if (failed !== undefined) return html`${problem(failed, 'Try again when the backends are less busy.')}`
  const dirty = audits.filter(({ clean }) => !clean)
  const verdict =
    dirty.length === 0 ? badge('succeeded', 'all clean', 'good') : badge('failed', `${dirty.length} dirty`, 'bad')
  return html`<p>${verdict} ${auditSentence(audits)}. <span class="quiet">${when(at)}, in ${duration(tookMs)}</span></p>
    ${dirty.length === 0 ? nothing : residueTable(dirty)}
    <p class="quiet">
      Settings of extensions and of your own are seen only where their names were recorded: by the rotating pooler.
    </p>`
}

interface Row {
  readonly backend: BackendAudit
  readonly residue: Residue
}

function residueTable(dirty: readonly BackendAudit[]): Html {
  return table<Row>({
    caption: 'What was left on backends',
    rows: dirty.flatMap((backend) => backend.residue.map((residue) => ({ backend, residue }))),
    empty: nothing,
    columns: [
      { title: 'Backend', kind: 'number', cell: ({ backend }) => String(backend.backendPid) },
      { title: 'Left behind', kind: 'tight', cell: ({ residue }) => residue.kind.replaceAll('-', ' ') },
      { title: 'Name', cell: ({ residue }) => foreign(residue.name) },
      { title: 'Value', kind: 'grow', cell: ({ residue }) => clipped(residue.value) },
      { title: 'Hazard', kind: 'tight', cell: ({ residue }) => html`<code>${residue.hazard}</code>` },
      {
        title: 'Left by',
        kind: 'grow',
        minor: true,
        cell: ({ residue: { leftBy } }) =>
          leftBy
            ? html`${foreign(leftBy.applicationName || `client ${leftBy.client}`)} ${clipped(leftBy.sql)}`
            : clipped(null),
      },
    ],
  })
}
