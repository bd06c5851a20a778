import type { HazardId } from '@pooler-safe/hazards'
import type { Rule } from 'eslint'
import type { Finding, RuleName } from './analysis/finding.ts'
import { hazardMessage, ruleMessage } from './analysis/message.ts'
import { concerns, findingsOf } from './shared-analysis.ts'

/** What sets a rule apart from the others. */
export interface RuleDefinition {
  readonly name: RuleName
  readonly description: string
  /** The hazards it reports, whose words are its messages. */
  readonly hazards: readonly HazardId[]
  /** How `recommended` has it. */
  readonly recommended?: 'error' | 'warn'
  readonly schema?: NonNullable<Rule.RuleMetaData['schema']>
  readonly defaultOptions?: readonly [Readonly<Record<string, unknown>>]
  readonly suggestion?: string
  /** Whether the options want a finding. */
  readonly wants?: (finding: Finding, options: Readonly<Record<string, unknown>>) => boolean
}

/** A rule over the analysis that all rules share. */
export function createRule(definition: RuleDefinition): Rule.RuleModule {
  const { defaultOptions, description, hazards, name, recommended, schema = [], suggestion, wants } = definition
  const messages: Record<string, string> =
    hazards.length > 0 ? Object.fromEntries(hazards.map((id) => [id, hazardMessage(id)])) : { found: ruleMessage(name) }
  if (suggestion !== undefined) messages['suggestion'] = suggestion
  return {
    meta: {
      type: 'problem',
      docs: { description, url: `docs/rules/${name}.md`, recommended: recommended !== undefined },
      fixable: 'code',
      hasSuggestions: true,
      schema,
      ...(defaultOptions ? { defaultOptions: [...defaultOptions] } : {}),
      messages,
      languages: ['js/js', 'pooler-safe/sql'],
    } as Rule.RuleMetaData,
    create(context) {
      if (!concerns(context)) return {}
      const options = { ...defaultOptions?.[0], ...(context.options[0] as Record<string, unknown> | undefined) }
      const report = (): void => {
        for (const finding of findingsOf(context, name)) {
          if (wants && !wants(finding, options)) continue
          reportFinding(context, finding)
        }
      }
      return { Program: report, SqlFile: report }
    },
  }
}

function reportFinding(context: Rule.RuleContext, finding: Finding): void {
  const { sourceCode } = context
  const { fix, hazard, range, subject, suggestions = [] } = finding
  const apply =
    (edits: NonNullable<Finding['fix']>) =>
    (fixer: Rule.RuleFixer): Rule.Fix[] =>
      edits.map((edit) => fixer.replaceTextRange([...edit.range], edit.text))
  context.report({
    loc: { start: sourceCode.getLocFromIndex(range[0]), end: sourceCode.getLocFromIndex(range[1]) },
    messageId: hazard ?? 'found',
    data: { subject },
    fix: fix ? apply(fix) : null,
    suggest: suggestions.map(({ edits, title }) => ({ messageId: 'suggestion', data: { title }, fix: apply(edits) })),
  })
}
