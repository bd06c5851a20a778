import { describeClient, describePlace } from './describe-violation.ts'
import type { PoolerReport, ReportedHazard, ReportedTransaction } from './report.ts'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const html = (text: string | number): string => String(text).replaceAll(/[&<>"']/g, (one) => escapes[one] ?? one)

/** Transactions drawn on the timeline: those with violations, and as many others as there is room for. */
const mostDrawn = 600
const rowHeight = 26
const width = 1_100

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 1180px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
code, pre { font: 13px/1.45 ui-monospace, monospace } pre { white-space: pre-wrap; margin: .3rem 0; padding: .5rem .7rem; background: #8881; border-radius: 4px }
section.hazard { border-left: 4px solid #c33; padding-left: 1rem; margin: 1.6rem 0 } .severity { background: #c33; color: #fff; border-radius: 3px; padding: .05rem .45rem; font-size: .8rem }
.place { color: #777; font-size: .87rem } .instead { margin: .5rem 0 } table { border-collapse: collapse } td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top }
svg { width: 100%; height: auto } svg text { font: 11px ui-monospace, monospace; fill: currentColor } .good { fill: #5a9e6f } .bad { fill: #c33 }
`

/** A report as one HTML page without scripts or other files: the timeline, then hazard by hazard. */
export function renderHtml(report: PoolerReport): string {
  const { counts, seed, schedule, profile } = report
  const title =
    counts.violations === 0 ? 'No violations' : `${counts.violations} violations of ${report.hazards.length} hazards`
  const audit = typeof report.audit === 'object' ? `every ${report.audit.sample}th` : report.audit
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>pooler-safe: ${html(title)}</title><style>${style}</style></head><body>
<h1>${html(title)}</h1>
<p>${counts.transactions} transactions of ${counts.clients} clients on ${counts.backends} backends.
Profile <code>${html(profile)}</code>, schedule <code>${html(schedule)}</code>, audit <code>${html(audit)}</code>, seed <code>${seed}</code>.</p>
${contents(report.hazards)}
<h2>Timeline</h2>
${timeline(report)}
<h2>Hazards</h2>
${report.hazards.map(hazardSection).join('\n')}
${allowedSection(report)}
</body></html>
`
}

function contents(hazards: readonly ReportedHazard[]): string {
  if (hazards.length === 0) return ''
  const rows = hazards.map(
    ({ hazard, title, severity, count }) =>
      `<tr><td><span class="severity">${severity}</span></td><td><a href="#${hazard}">${html(title)}</a></td><td>${count}</td></tr>`,
  )
  return `<table><tr><th>severity</th><th>hazard</th><th>times</th></tr>${rows.join('')}</table>`
}

function hazardSection({ hazard, title, severity, summary, alternative, docsUrl, violations }: ReportedHazard): string {
  const found = violations.slice(0, 50).map((one) => {
    const times = one.occurrences > 1 ? ` (${one.occurrences} times)` : ''
    const sql = one.sql === undefined ? '' : `<pre>${html(one.sql)}</pre>`
    return `<li id="violation-${one.id}">${html(one.summary)}${times}${sql}<div class="place">${html(describePlace(one))}</div></li>`
  })
  const rest = violations.length > 50 ? `<p>and ${violations.length - 50} more</p>` : ''
  return `<section class="hazard" id="${hazard}"><h3>${html(title)} <span class="severity">${severity}</span> <code>${hazard}</code></h3>
<p>${html(summary)}</p><ul>${found.join('')}</ul>${rest}
<p class="instead"><b>Instead:</b> ${html(alternative)} <code>${html(docsUrl)}</code></p></section>`
}

function allowedSection({ allowed }: PoolerReport): string {
  if (allowed.length === 0) return ''
  const items = allowed.map(
    ({ hazard, summary, allowedBecause = '' }) =>
      `<li><code>${hazard}</code> ${html(summary)}: ${html(allowedBecause)}</li>`,
  )
  return `<h2>Allowed</h2><ul>${items.join('')}</ul>`
}

function drawn(transactions: readonly ReportedTransaction[]): ReportedTransaction[] {
  if (transactions.length <= mostDrawn) return [...transactions]
  const guilty = transactions.filter(({ violations }) => violations.length > 0)
  const innocent = transactions.filter(({ violations }) => violations.length === 0)
  const room = Math.max(0, mostDrawn - guilty.length)
  return [...guilty.slice(0, mostDrawn), ...innocent.slice(-room || innocent.length)].slice(0, mostDrawn)
}

/** One row for each backend; each bar is a transaction, with its client's number. */
function timeline(report: PoolerReport): string {
  const transactions = drawn(report.timeline)
  if (transactions.length === 0) return '<p>Nothing ran.</p>'
  const pids = [...new Set(transactions.map(({ backendPid }) => backendPid))]
  const from = Math.min(...transactions.map(({ startedAt }) => startedAt))
  const to = Math.max(...transactions.map(({ startedAt, endedAt }) => endedAt ?? startedAt), from + 1)
  const at = (time: number): number => 80 + ((time - from) / (to - from)) * (width - 100)
  const clients = new Map(report.clients.map((client) => [client.id, describeClient(client)]))
  const bars = transactions.map((one) => {
    const y = pids.indexOf(one.backendPid) * rowHeight
    const x = at(one.startedAt)
    const barWidth = Math.max(4, at(one.endedAt ?? to) - x)
    const label = `transaction ${one.id} of ${clients.get(one.client) ?? `client ${one.client}`}\n${one.statements.join('\n')}`
    const bar = `<rect x="${x.toFixed(1)}" y="${y + 4}" width="${barWidth.toFixed(1)}" height="${rowHeight - 8}" rx="2" class="${one.violations.length > 0 ? 'bad' : 'good'}"><title>${html(label)}</title></rect>`
    const [first] = one.violations
    return first === undefined ? bar : `<a href="#violation-${first}">${bar}</a>`
  })
  const rows = pids.map((pid, row) => `<text x="0" y="${row * rowHeight + 17}">${pid}</text>`)
  const note =
    report.timeline.length > transactions.length
      ? `<p class="place">${transactions.length} of ${report.timeline.length} transactions are drawn.</p>`
      : ''
  return `<svg viewBox="0 0 ${width} ${pids.length * rowHeight}" role="img" aria-label="Transactions by backend">${rows.join('')}${bars.join('')}</svg>${note}`
}
