import {
  hazardDocsUrl,
  poolers,
  type ErrorClassification,
  type Hazard,
  type PoolerBehaviour,
} from '@pooler-safe/hazards'
import { wrap } from '../command-line/help.ts'
import type { Paint } from '../command-line/paint.ts'
import type { Explanation, Lead } from './explain.ts'

const width = 96

const outcomes: Readonly<Record<ErrorClassification['outcome'], string>> = {
  'not-executed': 'not executed: nothing of the transaction remains',
  executed: 'executed: PostgreSQL completed the statement',
  unknown: 'unknown: it may have been committed',
}
const retries: Readonly<Record<ErrorClassification['retry'], string>> = {
  now: 'the whole transaction, at once',
  backoff: 'the whole transaction, after a pause that grows',
  'if-idempotent': 'only if running it twice is harmless',
  never: 'never: it fails the same way again',
}

/** An explanation for a terminal. */
export function describeExplanation(explanation: Explanation, paint: Paint): string {
  switch (explanation.kind) {
    case 'hazard':
      return describeHazard(explanation.hazard, paint)
    case 'sqlstate':
      return [
        paint('bold', `SQLSTATE ${explanation.sqlState}`),
        ...describeClassification(explanation.classification, paint),
        ...describeLeads(explanation.leads, 'Seen with', paint),
        '',
      ].join('\n')
    case 'error': {
      const [first, ...others] = explanation.leads
      return [
        ...describeClassification(explanation.classification, paint),
        ...(first ? ['', describeHazard(first.hazard, paint).trimEnd()] : []),
        ...(others.length > 0 ? describeLeads(others, 'Others with the same text', paint) : []),
        '',
      ].join('\n')
    }
    case 'nearest':
      return [
        'This text is not in the catalogue.',
        ...(explanation.leads.length > 0
          ? describeLeads(explanation.leads, 'Nearest to it', paint)
          : ['Nothing comes near it. pooler-safe explain --list shows every hazard.']),
        '',
      ].join('\n')
  }
}

/** Every hazard on a line of its own. */
export function describeList(hazards: readonly Hazard[], paint: Paint): string {
  const longest = Math.max(...hazards.map(({ id }) => id.length))
  return hazards
    .map(
      ({ code, id, severity, title }) =>
        `${code.padEnd(4)} ${paint('bold', id.padEnd(longest))}  ${severity.padEnd(5)}  ${title}\n`,
    )
    .join('')
}

function describeHazard(entry: Hazard, paint: Paint): string {
  const { alternatives, behaviour, code, evidence, id, severity, summary, symptoms, title } = entry
  const lines = [
    `${paint('bold', title)}  ${paint('dim', `${code} ${id}`)}  ${paint(severity === 'perf' ? 'yellow' : 'red', severity)}`,
    '',
    ...wrap(summary, width),
    ...block(
      'Shows itself by',
      symptoms.map(({ pattern, sqlState }) => `${sqlState ?? '     '}  ${readable(pattern)}`),
      paint,
    ),
    ...block('Behind', behaviour.map(describeBehaviour), paint),
    '',
    paint('bold', 'Instead'),
    ...alternatives.flatMap(({ bad, good, note }) => [
      ...wrap(note, width - 2).map((line) => `  ${line}`),
      ...(bad === undefined ? [] : bad.split('\n').map((line) => `    ${paint('red', '-')} ${line}`)),
      ...(good === undefined ? [] : good.split('\n').map((line) => `    ${paint('green', '+')} ${line}`)),
    ]),
    ...block('Seen in', evidence.slice(0, 8), paint),
    '',
    paint('dim', hazardDocsUrl(id)),
    '',
  ]
  return lines.join('\n')
}

function describeBehaviour({ pooler, versions, outcome, note }: PoolerBehaviour): string {
  const name = pooler === 'any' ? 'any pooler' : poolers[pooler]
  return `${name}${versions === undefined ? '' : ` (${versions})`}: ${outcome}${note === undefined ? '' : `. ${note}`}`
}

function describeClassification(
  { condition, origin, outcome, retry, hint, fatal }: ErrorClassification,
  paint: Paint,
): string[] {
  const row = (name: string, text: string): string => `${paint('dim', name.padEnd(10))}${text}`
  return [
    row('what', condition),
    row('from', origin),
    row('outcome', outcomes[outcome]),
    row('retry', retries[retry]),
    ...(fatal ? [row('after it', 'the client connection is dead: destroy it')] : []),
    ...wrap(hint, width - 10).map((line, index) => row(index === 0 ? 'do' : '', line)),
  ]
}

function describeLeads(leads: readonly Lead[], title: string, paint: Paint): string[] {
  return block(
    title,
    leads.map(
      ({ hazard, symptom }) => `${hazard.id}: ${hazard.title}${symptom === undefined ? '' : ` (${readable(symptom)})`}`,
    ),
    paint,
  )
}

function block(title: string, rows: readonly string[], paint: Paint): string[] {
  if (rows.length === 0) return []
  return [
    '',
    paint('bold', title),
    ...rows.flatMap((row) => wrap(row, width - 4).map((line, index) => (index === 0 ? `  ${line}` : `    ${line}`))),
  ]
}

/** A pattern as a reader reads it. */
function readable(pattern: string): string {
  return pattern.replace(/\\([().[\]"])/g, '$1').replace(/\.[+*]\??/g, '…')
}
