import type { JobEvent } from '../../index.ts'
import type { Counting } from '../backend-log.ts'
import { auditSentence, type FileOutcome, type Outcome } from '../outcome.ts'
import { backendLines, countsLine, toneOfState } from './screen.ts'
import {
  formatBytes,
  formatCount,
  formatSeconds,
  line,
  oneLine,
  plural,
  span,
  table,
  type Column,
  type Line,
  type Span,
} from './text.ts'

export interface ReportOptions {
  readonly columns: number
  /** Every file, not only the largest. */
  readonly all: boolean
}

const widest = 120

const countingNotes: Readonly<Record<Counting, string>> = {
  transactions: 'Every transaction, as the pooler recorded it: each of a client runs on another backend than its last.',
  sightings: 'Looked at every 50 ms in pg_stat_activity: what began and ended between two looks was not seen.',
}
const filesShown = 12

/** What is shown at the end. */
export function report(outcome: Outcome, problems: readonly string[], { columns, all }: ReportOptions): Line[] {
  const width = Math.min(columns, widest)
  const late = outcome.files.find(({ role }) => role === 'late')
  const missing = outcome.files.find(({ role }) => role === 'missing')
  return [
    [],
    ...fileSection(outcome.files, width, all),
    [],
    ...(late ? eventSection(`Failed and was retried: ${oneLine(late.name)}`, outcome.lateEvents, width) : []),
    ...(missing ? eventSection(`Failed for good: ${oneLine(missing.name)}`, outcome.missingEvents, width) : []),
    ...(missing?.error === undefined ? [] : [line('  ', span(oneLine(missing.error), 'bad')), []]),
    line(span(`What ran on which backend behind ${outcome.poolerName}`, 'strong')),
    line(span(`  ${countingNotes[outcome.counting]}`, 'faint')),
    ...backendLines(outcome, width),
    [],
    ...leftBehind(outcome),
    [],
    ...verdict(outcome, problems),
  ]
}

function fileSection(files: readonly FileOutcome[], width: number, all: boolean): Line[] {
  const columns: Column[] = [
    { title: 'file', shrinks: 'middle' },
    { title: 'sha-256' },
    { title: 'bytes', align: 'right' },
    { title: 'lines', align: 'right' },
    { title: 'words', align: 'right' },
    { title: 'attempts', align: 'right' },
    { title: 'state' },
  ]
  const shown = all ? files : notable(files)
  const lines = table(columns, shown.map(fileCells), width - 2).map((one): Line => [span('  '), ...one])
  const hidden = files.length - shown.length
  return [
    line(span('Files', 'strong')),
    ...lines,
    ...(hidden > 0
      ? [line(span(`  and ${formatCount(hidden)} smaller ones (--all shows them, --json too)`, 'faint'))]
      : []),
  ]
}

/** What did not go straight, and the largest of the rest. */
function notable(files: readonly FileOutcome[]): FileOutcome[] {
  const size = ({ measurement }: FileOutcome): number => measurement?.bytes ?? -1
  const isSpecial = ({ role, state, attempts }: FileOutcome): boolean =>
    role !== 'regular' || state !== 'succeeded' || attempts > 1
  const rest = files.filter((file) => !isSpecial(file)).sort((a, b) => size(b) - size(a))
  const special = files.filter(isSpecial)
  return [...rest.slice(0, Math.max(0, filesShown - special.length)), ...special.slice(0, filesShown)]
}

function fileCells({ name, measurement, attempts, state }: FileOutcome): Span[] {
  const figure = (value: number | undefined): Span => span(value === undefined ? '' : formatCount(value))
  return [
    span(oneLine(name)),
    span(measurement?.sha256.slice(0, 12) ?? '', 'faint'),
    figure(measurement?.bytes),
    figure(measurement?.lines),
    figure(measurement?.words),
    span(String(attempts), attempts > 1 ? 'busy' : 'plain'),
    span(state, toneOfState[state]),
  ]
}

function eventSection(title: string, events: readonly JobEvent[], width: number): Line[] {
  const [first] = events
  if (!first) return []
  const columns: Column[] = [
    { title: 'after', align: 'right' },
    { title: 'attempt', align: 'right' },
    { title: 'from' },
    { title: 'to' },
    { title: 'reason', shrinks: 'end' },
    { title: 'worker' },
  ]
  const rows = events.map(({ at, attempt, fromState, toState, reason, worker }) => [
    span(formatSeconds(at.getTime() - first.at.getTime())),
    span(attempt === 0 ? '' : String(attempt)),
    span(fromState ?? '', 'faint'),
    span(toState, toState === 'queued' && fromState ? 'busy' : toneOfState[toState]),
    span(oneLine(reason)),
    span(oneLine(worker ?? ''), 'faint'),
  ])
  const lines = table(columns, rows, width - 2).map((one): Line => [span('  '), ...one])
  return [line(span(title, 'strong')), ...lines, []]
}

function leftBehind({ audits, namedStatements }: Outcome): Line[] {
  const title = line(span('Left behind', 'strong'))
  if (!audits) return [title, line('  No backend is shared without a pooler, so there is none to ask.')]
  const isClean = audits.length > 0 && audits.every(({ clean }) => clean)
  return [
    title,
    line('  ', span(`${auditSentence(audits)}.`, isClean ? 'good' : 'bad')),
    ...(namedStatements === undefined
      ? []
      : [
          line(
            '  ',
            span(
              `${plural(namedStatements, 'request')} named a prepared statement.`,
              namedStatements === 0 ? 'good' : 'bad',
            ),
          ),
        ]),
  ]
}

function verdict(outcome: Outcome, problems: readonly string[]): Line[] {
  const { counts, elapsedMs, paceMs, files } = outcome
  const bytes = files.reduce((sum, { measurement }) => sum + (measurement?.bytes ?? 0), 0)
  const pace = paceMs > 0 ? `, with a pause of ${paceMs} ms after every 64 KB or less (--pace 0 leaves it out)` : ''
  const figures = [
    line(`${plural(counts.total, 'job')}, ${formatBytes(bytes)} in ${formatSeconds(elapsedMs)}`, span(pace, 'faint')),
    countsLine(counts),
  ]
  if (problems.length === 0) {
    return [...figures, line(span('As expected: ', 'good'), expected(outcome))]
  }
  const listed = problems.slice(0, filesShown).map((problem) => line(span('✗ ', 'bad'), oneLine(problem)))
  const more = problems.length - listed.length
  return [
    ...figures,
    line(span('Not as expected: ', 'bad'), `${plural(problems.length, 'thing')} went otherwise.`),
    ...listed,
    ...(more > 0 ? [line(`  and ${formatCount(more)} more`)] : []),
  ]
}

function expected({ files, audits }: Outcome): string {
  const late = files.find(({ role }) => role === 'late')
  const missing = files.find(({ role }) => role === 'missing')
  const clean = audits ? ', and nothing was left on any backend' : ''
  return (
    `every file was measured, one of them at attempt ${late?.attempts ?? 0}; ` +
    `the one that never came was given up after ${missing?.attempts ?? 0} attempts${clean}.`
  )
}
