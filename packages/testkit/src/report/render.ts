import { TestkitError } from '../testkit-error.ts'
import { renderHtml } from './html.ts'
import { renderJunit } from './junit.ts'
import { renderPretty, type PrettyOptions } from './pretty.ts'
import type { PoolerReport } from './report.ts'

export type ReportFormat = 'pretty' | 'json' | 'junit' | 'html'

/** A report in one of the formats. `pretty` takes options; the others ignore them. */
export function renderReport(report: PoolerReport, format: ReportFormat, options: PrettyOptions = {}): string {
  switch (format) {
    case 'pretty':
      return renderPretty(report, options)
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`
    case 'junit':
      return renderJunit(report)
    case 'html':
      return renderHtml(report)
    default:
      throw new TestkitError('invalid-option', `There is no report format "${String(format)}".`, {
        hint: 'Choose one of pretty, json, junit, html.',
      })
  }
}
