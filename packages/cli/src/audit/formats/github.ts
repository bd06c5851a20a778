import type { AuditReport } from '../report.ts'

const property = (text: string): string =>
  text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/:/g, '%3A').replace(/,/g, '%2C')
const data = (text: string): string => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')

/** A report as workflow commands: GitHub shows each finding at its line of a pull request. */
export function renderGithub({ findings, notes }: AuditReport): string {
  const lines = findings.map(({ column, endColumn, endLine, file, level, line, message, rule }) => {
    const place = [
      `file=${property(file)}`,
      `line=${String(line)}`,
      `endLine=${String(endLine)}`,
      // Columns mean something only within one line.
      ...(line === endLine ? [`col=${String(column)}`, `endColumn=${String(endColumn)}`] : []),
      `title=${property(`pooler-safe/${rule}`)}`,
    ]
    return `::${level} ${place.join(',')}::${data(message)}`
  })
  const remarks = notes.map(
    ({ file, line, note }) =>
      `::notice file=${property(file)}${line === undefined ? '' : `,line=${String(line)}`}::${data(note)}`,
  )
  return [...lines, ...remarks].map((line) => `${line}\n`).join('')
}
