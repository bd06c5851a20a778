import { badge } from '../view/badge.ts'
import { actionButton } from '../view/form.ts'
import { html, nothing, type Html } from '../view/html.ts'
import { section } from '../view/layout.ts'
import { empty, facts, table } from '../view/table.ts'
import { clipped, count, decimal, foreign, none, number } from '../view/text.ts'
import { duration } from '../view/time.ts'
import type { Backend } from './backends.ts'
import type { PoolerReading } from './monitor.ts'
import type { TelemetrySum } from './telemetry.ts'

/** What the guard and the pools did since this instance was started. */
export function countersSection({ total, processes, pool, backends }: PoolerReading): Html {
  const refusals = Object.values(total.refused).reduce((sum, one) => sum + one, 0)
  const open = Math.max(0, ...backends.filter(({ own }) => !own).map(({ transactionMs }) => transactionMs ?? 0))
  return section(
    'Since the start',
    html`<div class="stack">
      ${facts([
        ['Hazards refused', number(refusals)],
        ['Outcome-unknown commits', number(total.outcomeUnknown)],
        ['Checkout wait, p50', waited(total.waitP50Ms)],
        ['Checkout wait, p99', waited(total.waitP99Ms)],
        ['Longest open transaction', duration(open)],
        ['Longest transaction so far', duration(total.longestTransactionMs)],
        ['Requests', number(total.queries)],
        ['Client connections here', html`${pool.open - pool.idle} of ${pool.max} in use, ${pool.waiting} waiting`],
      ])}
      ${refusedList(total)} ${processTable(processes)}
    </div>`,
  )
}

/** A client that is there is had in less than can be said. */
function waited(ms: number | undefined): Html {
  return ms !== undefined && ms < 0.1 ? html`&lt; 0.1 ms` : decimal(ms, ' ms')
}

function refusedList({ refused }: TelemetrySum): Html {
  const list = Object.entries(refused).sort(([, a], [, b]) => b - a)
  if (list.length === 0) return nothing
  return html`<p>
    Refused: ${list.map(([hazard, times], at) => html`${at > 0 ? ', ' : ''}<code>${hazard}</code> ${times} ×`)}
  </p>`
}

function processTable(processes: PoolerReading['processes']): Html {
  return table({
    caption: 'The same by process',
    rows: processes,
    empty: nothing,
    columns: [
      { title: 'Process', kind: 'grow', cell: ({ name }) => name },
      { title: 'Requests', kind: 'number', cell: ({ telemetry }) => number(telemetry.queries) },
      { title: 'Transactions', kind: 'number', cell: ({ telemetry }) => number(telemetry.transactions) },
      {
        title: 'Refused',
        kind: 'number',
        cell: ({ telemetry }) => number(Object.values(telemetry.refused).reduce((sum, one) => sum + one, 0)),
      },
      {
        title: 'Outcome unknown',
        kind: 'number',
        minor: true,
        cell: ({ telemetry }) => number(telemetry.outcomeUnknown),
      },
      { title: 'Wait p50', kind: 'number', minor: true, cell: ({ telemetry }) => waited(telemetry.waitP50Ms) },
      { title: 'Wait p99', kind: 'number', minor: true, cell: ({ telemetry }) => waited(telemetry.waitP99Ms) },
    ],
  })
}

/** Which backend works for whom. */
export function backendsSection({ backends }: PoolerReading): Html {
  return section(
    'Backends',
    html`${table<Backend>({
      caption: 'Backends and what runs where',
      rows: backends,
      rowId: ({ pid }) => `backend-${pid}`,
      empty: empty('No backend is open', 'The pooler opens them when they are needed.'),
      columns: [
        { title: 'Backend', kind: 'number', cell: ({ pid }) => String(pid) },
        {
          title: 'Works for',
          kind: 'tight',
          cell: ({ client, own }) =>
            own ? html`${foreign(client)} <span class="quiet">(this page)</span>` : foreign(client),
        },
        { title: 'State', kind: 'tight', cell: ({ state }) => stateBadge(state) },
        { title: 'Transaction', kind: 'number', cell: ({ transactionMs }) => duration(transactionMs) },
        { title: 'Last statement', kind: 'grow', cell: ({ statement }) => clipped(oneSpace(statement)) },
        { title: 'Begun before', kind: 'number', minor: true, cell: ({ statementMs }) => duration(statementMs) },
        { title: 'Waits for', kind: 'tight', minor: true, cell: ({ waitsFor }) => foreign(waitsFor) },
      ],
    })}`,
    html`<span class="quiet">${count(backends.length, 'backend')}</span>`,
  )
}

const oneSpace = (text: string | null): string | null => text?.replaceAll(/\s+/g, ' ').trim() ?? null

function stateBadge(state: string | null): Html {
  if (state === null) return none()
  const tone = state === 'active' ? 'active' : state === 'idle' ? 'ended' : state.includes('aborted') ? 'bad' : 'mixed'
  return badge(state.replaceAll(' ', '_'), state, tone)
}

/** What the URL leads to, as it was observed. */
export function endpointSection({ endpoint, description, report }: PoolerReading, csrf: string): Html {
  const found: [string, Html | string][] = report
    ? [
        ['Mode', `${report.mode} mode`],
        ['Pooler', report.pooler ?? (report.pooled ? 'does not say which' : 'none')],
        ['PostgreSQL', report.serverVersion],
        [
          'Batch that fails in the middle',
          report.accepts.failingBatch ? 'keeps the client connection' : 'loses the client connection',
        ],
        ['Start-up parameters', report.accepts.startupParameters ? 'are taken' : 'are refused'],
      ]
    : [['Mode', 'not probed yet']]
  return html`<div id="endpoint">
    ${section(
      'Endpoint',
      html`<div class="stack">
        ${facts([['URL', html`<code>${endpoint}</code>`], ['Started as', description], ...found])}
        ${
          report
            ? html`<div>
                <h3>What was probed</h3>
                <ul>
                  ${report.evidence.map((line) => html`<li>${line}</li>`)}
                </ul>
              </div>`
            : nothing
        }
      </div>`,
      actionButton({ action: '/pooler/probe', csrf, text: 'Probe again' }),
    )}
  </div>`
}

/** What the guard does on the client connections of the services. */
export function guardSection({ settings }: PoolerReading): Html {
  const { wireGuard, names, max, connectionTimeoutMs } = settings
  return section(
    'Guard settings in force',
    facts([
      ['SQL that changes a session', 'refused before a byte is sent'],
      ['Statement names', names === 'reject' ? 'refused' : 'taken away'],
      ['Wire guard', wireGuard ? 'on: every byte is scanned' : 'off'],
      ['Client connections at most', number(max)],
      ['Wait for a client connection', duration(connectionTimeoutMs)],
    ]),
  )
}
