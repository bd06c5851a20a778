import { hazard } from '@pooler-safe/hazards'
import type { AuditReport } from '../report.ts'
import { pageScript } from './html-script.ts'
import { pageStyle } from './html-style.ts'
import { plural } from './pretty.ts'

/** A report as one page that needs nothing else: filters, light and dark, readable without a server. */
export function renderHtml(report: AuditReport): string {
  const { findings, summary, tool } = report
  const errors = findings.filter(({ level }) => level === 'error').length
  const used = new Set(findings.flatMap(({ hazard: id }) => (id === undefined ? [] : [id])))
  const hazards = Object.fromEntries(
    [...used].map((id) => {
      const { title, severity, summary: text, alternatives } = hazard(id)
      const [{ note, bad, good }] = alternatives
      return [id, { title, severity, text, note, bad, good }]
    }),
  )
  const { allowed, endpoints, notes, operations } = report
  const data = { findings, allowed, operations, endpoints, notes, hazards, summary }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Database operations – pooler-safe</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
  <h1>Database operations</h1>
  <p>${number(summary.operations)} operations in ${number(summary.analysed)} files of ${number(summary.files)}.
  ${plural(errors, 'error')}, ${plural(findings.length - errors, 'warning')}, ${number(summary.allowed)} allowed with a reason${summary.known > 0 ? `, ${number(summary.known)} known from the baseline` : ''}.</p>
  <div id="verdicts" class="verdicts"></div>
</header>
<nav>
  <div role="tablist" class="tabs" id="tabs"></div>
  <div class="filters">
    <input id="text" type="search" placeholder="Filter by file, SQL or message" aria-label="Filter by file, SQL or message">
    <select id="package" aria-label="Package"></select>
    <select id="driver" aria-label="Driver"></select>
    <select id="hazard" aria-label="Hazard"></select>
    <select id="level" aria-label="Level"></select>
    <output id="count"></output>
  </div>
</nav>
<main id="list"></main>
<footer>pooler-safe ${escapeHtml(tool.version)}</footer>
<noscript>This page needs JavaScript to show its lists. <code>--format markdown</code> does without.</noscript>
<script type="application/json" id="data">${embed(data)}</script>
<script>${pageScript}</script>
</body>
</html>
`
}

/** JSON that cannot end the element that it stands in. */
function embed(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029')
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

function number(value: number): string {
  return value.toLocaleString('en')
}
