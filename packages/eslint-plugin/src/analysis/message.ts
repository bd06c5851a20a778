import { hazard, type HazardId } from '@pooler-safe/hazards'
import type { Finding } from './finding.ts'

/** What a rule says about a hazard: what happens, and what to do, in the words of the catalogue. */
export function hazardMessage(id: HazardId): string {
  const { alternatives, summary } = hazard(id)
  return `\`{{subject}}\`: ${firstSentence(summary)} ${firstSentence(alternatives[0].note)}`
}

const ofRules: Readonly<Partial<Record<Finding['rule'], string>>> = {
  'no-raw-execute':
    '`{{subject}}` goes past the wrapper: nobody checks its SQL, its statement name or the answer to its COMMIT. Run it on the safe session.',
}

/** The message of a finding. */
export function messageOf({ hazard: id, rule, subject }: Finding): string {
  const text = id === undefined ? (ofRules[rule] ?? '{{subject}}') : hazardMessage(id)
  return text.replace('{{subject}}', subject)
}

/** The message of a rule without a hazard. */
export function ruleMessage(rule: Finding['rule']): string {
  return ofRules[rule] ?? '{{subject}}'
}

function firstSentence(text: string): string {
  return /^[\s\S]*?[.!?](?=\s+[A-Z]|$)/.exec(text)?.[0] ?? text
}
