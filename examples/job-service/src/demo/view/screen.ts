import { jobStates, type BatchCounts, type JobState } from '../../index.ts'
import type { BackendActivity, Counting } from '../backend-log.ts'
import type { Happening, Progress, RunningFile } from '../progress.ts'
import {
  bar,
  fitLine,
  formatBytes,
  formatCount,
  formatSeconds,
  line,
  oneLine,
  padEnd,
  padStart,
  span,
  table,
  widthOf,
  type Column,
  type Line,
  type Span,
  type Tone,
} from './text.ts'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

export const toneOfState: Readonly<Record<JobState, Tone>> = {
  queued: 'plain',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'faint',
}

const marks: Readonly<Record<Happening['kind'], Span>> = {
  done: span('✓', 'good'),
  retry: span('↻', 'busy'),
  failed: span('✗', 'bad'),
  note: span('·', 'faint'),
}

/** Wider lines are hard to read. */
const widest = 120

/** What a terminal of that size shows while the jobs run. Never more rows or columns than there are. */
export function screen(progress: Progress, { columns, rows }: ScreenSize): Line[] {
  const width = Math.min(Math.max(columns, 1), widest)
  const { counts, running, happenings, backends } = progress
  const ended = counts.succeeded + counts.failed + counts.cancelled
  const head = [
    ...headLine(progress, width),
    [...bar(ended, counts.total, Math.max(4, Math.min(width - 16, 60))), span(`  ${ended} of ${counts.total}`)],
    countsLine(counts),
  ]
  const room = rows - 1 - head.length
  const sections = shareRoom(room, [
    { title: 'Running', lines: runningLines(running, width), keep: 'first' },
    { title: 'What happened', lines: memorable(happenings).map(happeningLine), keep: 'last' },
    { title: `Backends behind ${progress.poolerName}`, lines: backendLines(progress, width), keep: 'first' },
  ])
  const shown = backends.length === 0 && running.length === 0 && happenings.length === 0 ? [] : sections
  return [...head, ...shown].slice(0, Math.max(1, rows - 1)).map((one) => fitLine(one, width))
}

function headLine({ title, elapsedMs, jobsPerSecond }: Progress, width: number): Line[] {
  const right = `${formatSeconds(elapsedMs)}   ${jobsPerSecond.toFixed(jobsPerSecond < 10 ? 1 : 0)} jobs/s`
  const gap = width - widthOf(title) - widthOf(right)
  if (gap < 2) return [line(span(title, 'strong')), line(span(right, 'faint'))]
  return [line(span(title, 'strong'), ' '.repeat(gap), span(right, 'faint'))]
}

export function countsLine(counts: BatchCounts): Line {
  return jobStates.flatMap((state, at) => {
    const count = counts[state]
    return [
      span(at === 0 ? '' : '   '),
      span(`${state} `, count === 0 ? 'faint' : 'plain'),
      span(formatCount(count), count === 0 ? 'faint' : toneOfState[state]),
    ]
  })
}

const endsShown = 3

/** Ends as they should be come in crowds; only the last few are shown, so that the others stay. */
function memorable(happenings: readonly Happening[]): Happening[] {
  const ends = happenings.filter(({ kind }) => kind === 'done')
  const shown = new Set(ends.slice(-endsShown))
  return happenings.filter((one) => one.kind !== 'done' || shown.has(one))
}

const barWidth = 16

function runningLines(running: readonly RunningFile[], width: number): Line[] {
  const columns: Column[] = [
    { title: 'file', shrinks: 'middle' },
    { title: 'attempt', align: 'right' },
    { title: 'read', align: 'right' },
    { title: 'of', align: 'right' },
  ]
  const rows = running.map(({ name, attempt, done, total }) => [
    span(oneLine(name)),
    span(String(attempt), attempt > 1 ? 'busy' : 'plain'),
    span(formatBytes(done)),
    span(total === undefined ? '' : formatBytes(total)),
  ])
  const [, ...lines] = table(columns, rows, Math.max(8, width - barWidth - 4))
  return lines.map((one, at) => {
    const { done = 0, total } = running[at] ?? {}
    return [span('  '), ...one, span('  '), ...bar(done, total ?? 0, barWidth)]
  })
}

export function happeningLine({ atMs, kind, text }: Happening): Line {
  return line(span(`  ${padStart(formatSeconds(atMs), 7)}  `, 'faint'), marks[kind], ' ', oneLine(text))
}

const countingTitles: Readonly<Record<Counting, string>> = { transactions: 'transactions', sightings: 'seen' }

/** What ran on which backend, with a title line. */
export function backendLines(
  { counting, backends }: { readonly counting: Counting; readonly backends: readonly BackendActivity[] },
  width: number,
): Line[] {
  if (backends.length === 0) return []
  const names = [...new Set(backends.flatMap(({ clients }) => [...clients.keys()]))].sort()
  const columns: Column[] = [
    { title: 'pid', align: 'right' },
    { title: countingTitles[counting], align: 'right' },
    ...names.map((title): Column => ({ title, align: 'right' })),
    { title: 'last statement', shrinks: 'end' },
  ]
  const rows = backends.map(({ pid, count, clients, lastClient, lastSql }) => [
    span(String(pid)),
    span(formatCount(count), 'good'),
    ...names.map((name) => span(formatCount(clients.get(name) ?? 0))),
    span(lastSql === '' ? '' : `${padEnd(lastClient, Math.max(...names.map(widthOf)))}  ${oneLine(lastSql)}`, 'faint'),
  ])
  return table(columns, rows, Math.max(8, width - 2)).map((one) => [span('  '), ...one])
}

interface Section {
  readonly title: string
  readonly lines: readonly Line[]
  /** Which lines stay when there is no room for all. */
  readonly keep: 'first' | 'last'
}

/** Gives each section a fair part of the rows; what one does not need goes to the others. */
function shareRoom(rows: number, sections: readonly Section[]): Line[] {
  const shown = sections.filter(({ lines }) => lines.length > 0)
  const frame = 2
  if (rows < frame + 1 || shown.length === 0) return []
  const fitting = shown.slice(0, Math.max(1, Math.floor(rows / (frame + 1))))
  let left = rows - fitting.length * frame
  const granted = fitting.map(() => 0)
  for (let given = true; given && left > 0;) {
    given = false
    for (const [at, { lines }] of fitting.entries()) {
      const now = granted[at] ?? 0
      if (left === 0 || now >= Math.min(lines.length, 8)) continue
      granted[at] = now + 1
      left -= 1
      given = true
    }
  }
  return fitting.flatMap(({ title, lines, keep }, at) => {
    const count = granted[at] ?? 0
    return [[], line(span(title, 'strong')), ...(keep === 'first' ? lines.slice(0, count) : lines.slice(-count))]
  })
}
