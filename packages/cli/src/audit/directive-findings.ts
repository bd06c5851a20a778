import { removalOf, type BrokenDirective, type FileAnalysis, type Range } from 'eslint-plugin-pooler-safe/analysis'
import { identityOf, type FindingContext } from './present-finding.ts'
import type { AuditFinding } from './report.ts'

/** The messages of the plugin's rule `require-directive`; a test holds the two against each other. */
const messages: Readonly<Record<BrokenDirective['problem'], (detail: string) => string>> = {
  'no-reason': (detail) => `\`${detail}\` has to say why: \`// pooler-safe: ${detail} because …\`.`,
  'short-reason': (detail) =>
    `"${detail}" is no reason a reader could judge. Say which client connection it is, or why it cannot leak.`,
  'unknown-rule': (detail) => `There is no rule or hazard "${detail}".`,
  malformed: () => 'Write `// pooler-safe: session-mode because …` or `// pooler-safe: allow <rule> because …`.',
}
const unused = 'This comment allows nothing: the code it covers has no such finding.'

/** Comments that want to allow something and do not. */
export function directiveFindings(
  { broken, directives }: Pick<FileAnalysis, 'broken' | 'directives'>,
  { file, positions, source }: FindingContext,
): readonly AuditFinding[] {
  const finding = (range: Range, message: string, subject: string): AuditFinding => {
    const place = positions.place(file.name, range)
    return {
      rule: 'require-directive',
      level: 'error',
      message,
      subject,
      certain: true,
      package: file.package,
      ...place,
      excerpt: positions.excerpt(place),
      identity: identityOf('require-directive', subject, positions.line(place.line)),
    }
  }
  return [
    ...broken.map(({ problem, detail, range }) => finding(range, messages[problem](detail), problem)),
    ...directives
      .filter(({ used }) => !used)
      .map(({ range }) => {
        const [start, end] = removalOf(source, range)
        return { ...finding(range, unused, 'unused'), fix: [{ start, end, text: '' }] }
      }),
  ]
}
