import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import type { BenchReport, CaseResult } from './harness.ts'

const docs = join(import.meta.dirname, '../docs')

/** Writes a report as a page with its table and chart, for the documentation. */
export async function writePage(report: BenchReport, title: string, introduction: string): Promise<void> {
  const chart = `benchmarks-${report.name}.svg`
  writeFileSync(join(docs, chart), drawChart(report.cases))
  const page = [
    `# ${title}`,
    '',
    introduction,
    '',
    `![Operations per second as multiples of the baseline](${chart})`,
    '',
    '| case | ratio (median) | spread | rounds | at least |',
    '|---|---|---|---|---|',
    ...report.cases.map(row),
    '',
    `Made by \`pnpm bench ${report.name} --write\` on this machine:`,
    '',
    ...Object.entries(report.machine).map(([key, value]) => `- ${key}: ${value}`),
    '',
  ].join('\n')
  const file = join(docs, 'benchmarks.md')
  writeFileSync(file, await format(page, { ...(await resolveConfig(file)), filepath: file }))
}

function row({ case: name, ratio, spread, runs, target }: CaseResult): string {
  const range = spread.map((one) => one.toFixed(2)).join(' to ')
  return `| ${name} | ${ratio.toFixed(2)} | ${range} | ${runs} | ${target ?? ''} |`
}

const width = 900
const left = 470
const barHeight = 16
const rowHeight = 26

/** Bars on a logarithmic scale from 0.5: twice as fast is as far from the baseline at any speed. */
function drawChart(cases: readonly CaseResult[]): string {
  const most = Math.max(2, ...cases.map(({ ratio }) => ratio))
  const scale = (ratio: number): number =>
    ((Math.log2(Math.max(ratio, 0.5)) + 1) / (Math.log2(most) + 1)) * (width - left - 70)
  const height = cases.length * rowHeight + 20
  const bars = cases.flatMap(({ case: name, ratio, target }, at) => {
    const y = 10 + at * rowHeight
    const end = left + scale(ratio)
    return [
      `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${left}" y="${y}" width="${scale(ratio).toFixed(1)}" height="${barHeight}" fill="#336791"/>`,
      `<text x="${(end + 6).toFixed(1)}" y="${y + 12}">${ratio.toFixed(1)} ×</text>`,
      ...(target === undefined ? [] : [line(left + scale(target), y - 3, y + barHeight + 3, '#c0392b')]),
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...bars,
    line(left + scale(1), 4, height - 4, '#888888'),
    '</svg>',
    '',
  ].join('\n')
}

function line(x: number, from: number, to: number, colour: string): string {
  return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${from}" y2="${to}" stroke="${colour}"/>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
