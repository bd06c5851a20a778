/**
 * Scores the audit against places that were labelled by hand: `score.ts <folder of checkouts> <labels.json> [preset]`.
 *
 * The folder holds one checkout for each repository, named `owner+name`. The labels say where something breaks behind a
 * transaction-mode pooler; what is found anywhere else, apart from `ignored` paths, is false.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Labels = Readonly<
  Record<
    string,
    {
      readonly commit: string
      /** Lines by path. A label and a finding may be some lines apart: a call and the statement in it. */
      readonly hazards: Readonly<Record<string, readonly number[]>>
      /** Expressions of paths that are not labelled: tests, fixtures. */
      readonly ignored?: readonly string[]
    }
  >
>

interface Found {
  readonly file: string
  readonly line: number
  readonly endLine: number
  readonly rule: string
  readonly subject: string
}

const slack = 4
const program = fileURLToPath(new URL('../../cli/src/bin.ts', import.meta.url))
const [folder, labelsPath, preset = 'recommended'] = process.argv.slice(2)
if (folder === undefined || labelsPath === undefined) {
  throw new Error('Usage: score.ts <folder of checkouts> <labels.json> [recommended|strict]')
}

const labels = JSON.parse(readFileSync(labelsPath, 'utf8')) as Labels
const total = { labelled: 0, hit: 0, found: 0, right: 0 }
for (const [repository, { hazards, ignored = [] }] of Object.entries(labels)) {
  const root = join(folder, repository)
  if (!existsSync(root)) {
    print(`${repository}: no checkout`)
    continue
  }
  const skip = ignored.map((pattern) => new RegExp(pattern))
  const found = audit(root).filter(({ file }) => !skip.some((pattern) => pattern.test(file)))
  const isNear = ({ line, endLine }: Found, label: number): boolean => line - slack <= label && label <= endLine + slack
  const misses = Object.entries(hazards).flatMap(([file, lines]) =>
    lines
      .filter((label) => !found.some((one) => one.file === file && isNear(one, label)))
      .map((label) => `  missed ${file}:${String(label)}`),
  )
  const wrong = found.filter((one) => !(hazards[one.file] ?? []).some((label) => isNear(one, label)))
  const labelled = Object.values(hazards).flat().length
  total.labelled += labelled
  total.hit += labelled - misses.length
  total.found += found.length
  total.right += found.length - wrong.length
  print(
    `${repository.padEnd(34)} ${share(found.length - wrong.length, found.length)} ${share(labelled - misses.length, labelled)}`,
  )
  misses.forEach(print)
  for (const { file, line, rule, subject } of wrong) print(`  false ${file}:${String(line)} ${rule} ${subject}`)
}
print(`${'all'.padEnd(34)} ${share(total.right, total.found)} ${share(total.hit, total.labelled)}`)

function audit(root: string): readonly Found[] {
  const options = ['audit', '--format', 'json', '--fail-on', 'none', '--preset', preset, '--quiet']
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=@pooler-safe/source', program, ...options],
    { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 29 },
  )
  if (status !== 0) throw new Error(`${root}: ${stderr}`)
  return (JSON.parse(stdout) as { readonly findings: readonly Found[] }).findings
}

function share(part: number, whole: number): string {
  return `${(whole === 0 ? 1 : part / whole).toFixed(3)} (${String(part)}/${String(whole)})`.padEnd(18)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
