import type { LibraryRecord, Outcome, Setting } from './record.ts'
import { probes } from './probes.ts'

const settings: readonly (readonly [setting: Setting, title: string])[] = [
  ['rotating', 'pooler-safe, rotating pooler'],
  ['pgbouncer', 'pooler-safe, PgBouncer'],
  ['raw', '`pg` itself, rotating pooler'],
]

const columns: readonly (readonly [id: keyof LibraryRecord['outcomes'][Setting], title: string])[] = [
  ['statements', 'reads and writes'],
  ['transactions', 'transactions'],
  ['rollback', 'rollback'],
  ['deferred', 'COMMIT fails'],
  ['aborted', 'COMMIT rolls back'],
  ['prepared', 'named statements'],
  ['clean', 'clean backends'],
]

/** The compatibility page, from the records of a run of the suite. */
export function compatibilityPage(records: readonly LibraryRecord[]): string {
  const byName = records.toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
  return `${[
    '# Compatibility',
    '',
    '<!-- Written by `node test/ecosystem/write-compatibility-page.ts` from a run of test/ecosystem. Do not edit. -->',
    '',
    'Libraries of the `pg` ecosystem, run on guarded clients behind a transaction-mode pooler. Each works with 12 operations at',
    'once on 4 backends, through the rotating pooler of `@pooler-safe/testkit` (every transaction of a client runs on another',
    'backend than its last) and through a real PgBouncer. For comparison the same was run on `pg` itself through the rotating',
    'pooler.',
    '',
    'The columns are facts that the suite holds each library to:',
    '',
    ...probes.map(({ id, fact }) => `- **${titleOf(id)}**: it ${fact}.`),
    '- **clean backends**: when all of it is over, no backend has session state left that a stranger would meet.',
    '',
    '`✓` holds, `✗` does not (numbers lead to the reason), `–` the library has no such thing.',
    '',
    ...settings.flatMap(([setting, title]) => [`## With ${title}`, '', ...table(byName, setting), '']),
    '## How each is set up',
    '',
    ...byName.flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function titleOf(id: string): string {
  return columns.find(([column]) => column === id)?.[1] ?? id
}

function table(records: readonly LibraryRecord[], setting: Setting): string[] {
  const notes: string[] = []
  const cell = (outcome: Outcome | undefined): string => {
    if (outcome === undefined) return '–'
    if (outcome === 'holds') return '✓'
    const known = notes.indexOf(outcome.failed)
    return `✗ ${known < 0 ? notes.push(outcome.failed) : known + 1}`
  }
  const rows = records.map(({ name, packages, versions, outcomes }) => [
    `${name} ${versions[packages[0]] ?? ''}`,
    ...columns.map(([id]) => cell(outcomes[setting][id])),
  ])
  const head = ['library', ...columns.map(([, title]) => title)]
  return [
    row(head),
    row(head.map(() => '---')),
    ...rows.map(row),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note, index) => `${index + 1}. ${oneLine(note)}`)]),
  ]
}

function section({ name, versions, connect, needs, direct, without, own }: LibraryRecord): string[] {
  const tested = Object.entries(versions).map(([one, version]) => `${one} ${version}`)
  const absent = Object.values(without ?? {})
  return [
    `### ${name}`,
    '',
    `Tested: ${tested.join(', ')}.`,
    '',
    '```ts',
    ...connect.split('\n'),
    '```',
    '',
    ...(needs === undefined ? [] : [`Behind a transaction-mode pooler: ${needs}`, '']),
    ...(direct === undefined ? [] : [`On the direct URL: ${direct}`, '']),
    ...(absent.length === 0 ? [] : [absent.join(' '), '']),
    ...(own.length === 0 ? [] : ['Also held to:', '', ...own.map((fact) => `- it ${fact}`), '']),
  ]
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** A reason as one line of Markdown, without what differs from run to run. */
function oneLine(text: string): string {
  const short = text.replaceAll(/\s+/g, ' ').slice(0, 200)
  return short.replaceAll(/[<|*_]/g, (mark) => `\\${mark}`)
}
