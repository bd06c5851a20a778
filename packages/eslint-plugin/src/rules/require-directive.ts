import type { Rule } from 'eslint'
import type { BrokenDirective } from '../analysis/directives.ts'
import { removalOf } from '../analysis/unused-directive.ts'
import { analysisOf } from '../shared-analysis.ts'

const messageIds: Readonly<Record<BrokenDirective['problem'], string>> = {
  'no-reason': 'noReason',
  'short-reason': 'shortReason',
  'unknown-rule': 'unknownRule',
  malformed: 'malformed',
}

/** Requires that directives can be read, say why, and are still needed. */
export const requireDirective: Rule.RuleModule = {
  meta: {
    type: 'suggestion',
    docs: {
      description: 'Require a reason in `pooler-safe:` comments, and report those that allow nothing',
      url: 'docs/rules/require-directive.md',
      recommended: true,
    },
    fixable: 'code',
    schema: [],
    messages: {
      noReason: '`{{detail}}` has to say why: `// pooler-safe: {{detail}} because …`.',
      shortReason:
        '"{{detail}}" is no reason a reader could judge. Say which client connection it is, or why it cannot leak.',
      unknownRule: 'There is no rule or hazard "{{detail}}".',
      malformed: 'Write `// pooler-safe: session-mode because …` or `// pooler-safe: allow <rule> because …`.',
      unused: 'This comment allows nothing: the code it covers has no such finding.',
    },
  },
  create(context) {
    if (!context.sourceCode.text.includes('pooler-safe')) return {}
    return {
      'Program:exit'() {
        const { sourceCode } = context
        const { broken, directives } = analysisOf(context)
        for (const { detail, problem, range } of broken) {
          context.report({ loc: locOf(range), messageId: messageIds[problem], data: { detail } })
        }
        for (const { range, used } of directives) {
          if (used) continue
          context.report({
            loc: locOf(range),
            messageId: 'unused',
            fix: (fixer) => fixer.removeRange(removalOf(sourceCode.text, range)),
          })
        }

        function locOf([start, end]: readonly [number, number]) {
          return { start: sourceCode.getLocFromIndex(start), end: sourceCode.getLocFromIndex(end) }
        }
      },
    }
  },
}
