import type { Paint } from '../../command-line/paint.ts'
import type { AuditFormat } from '../audit-command.ts'
import type { AuditReport } from '../report.ts'
import { renderGithub } from './github.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { renderPretty } from './pretty.ts'
import { renderSarif } from './sarif.ts'

export interface RenderOptions {
  readonly paint: Paint
  /** List the operations without a finding, too. */
  readonly listsOperations: boolean
  readonly showsNotes: boolean
}

/** A report in one of the formats, ready to print. */
export function render(format: AuditFormat, report: AuditReport, options: RenderOptions): string {
  switch (format) {
    case 'pretty':
      return renderPretty(report, options)
    case 'markdown':
      return renderMarkdown(report)
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`
    case 'sarif':
      return renderSarif(report)
    case 'github':
      return renderGithub(report)
    case 'html':
      return renderHtml(report)
  }
}
