/**
 * What the plugin costs: one ESLint run with it against the same run without it, file by file in turn; how long it takes
 * to load and to read its first statement; and what it holds after 10,000 files.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import js from '@eslint/js'
import { ESLint, Linter } from 'eslint'
import poolerSafe from 'eslint-plugin-pooler-safe'
import typescript from 'typescript-eslint'
import { type CaseResult, machine, median, print } from './harness.ts'

interface Source {
  readonly path: string
  readonly text: string
}

const root = fileURLToPath(new URL('../', import.meta.url))
const folders = ['packages', 'examples', 'test', 'bench', 'scripts']
const rounds = 5
/** Linters without types, as a project has them that lints fast. */
const usual = [js.configs.recommended, ...typescript.configs.recommended] as Linter.Config[]
const files = ['**/*.ts', '**/*.mjs', '**/*.js']
const without: Linter.Config[] = [{ files }, ...usual]
const withPlugin: Linter.Config[] = [...without, poolerSafe.configs.recommended]

/** This repository's own code: more SQL in it than in most. */
function ownSources(): readonly Source[] {
  const listed = execFileSync('git', ['ls-files', ...folders], { cwd: root, encoding: 'utf8' })
  return listed
    .split('\n')
    .filter((path) => /\.(?:ts|mjs|js)$/.test(path))
    .map((path) => ({ path: `${root}${path}`, text: readFileSync(`${root}${path}`, 'utf8') }))
}

/** A project with a database, most of whose files do not touch it; every fourth file, to be done in minutes. */
function project(sources: readonly Source[]): readonly Source[] {
  const plain = sources.filter(({ text }) => !/pooler-safe|['"]pg['"]|\bsql\b|select |insert |update /i.test(text))
  const database = sources.filter((source) => !plain.includes(source))
  return [...plain, ...database.filter((_, index) => index % 5 === 0)].filter((_, index) => index % 4 === 0)
}

/** A run that reads its configuration once, as on the command line. */
function eslintOf(config: Linter.Config[]): ESLint {
  return new ESLint({ cwd: root, overrideConfigFile: true, overrideConfig: config })
}

async function timeOf(sources: readonly Source[], eslint: ESLint): Promise<number> {
  const started = performance.now()
  for (const { path, text } of sources) await eslint.lintText(text, { filePath: path })
  return performance.now() - started
}

/** The share of the time without the plugin in the time with it: 1 is free, 0.91 is a tenth on top. */
async function costOf(name: string, sources: readonly Source[]): Promise<CaseResult> {
  const plain = eslintOf(without)
  const linted = eslintOf(withPlugin)
  await timeOf(sources.slice(0, 20), plain)
  await timeOf(sources.slice(0, 20), linted)
  const ratios: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    // In small groups, in turn: a machine that gets slower gets slower for both.
    const spent = { with: 0, without: 0 }
    for (let at = 0; at < sources.length; at += 10) {
      const group = sources.slice(at, at + 10)
      const first = (at / 10 + round) % 2 === 0
      if (first) spent.without += await timeOf(group, plain)
      spent.with += await timeOf(group, linted)
      if (!first) spent.without += await timeOf(group, plain)
    }
    ratios.push(spent.without / spent.with)
  }
  return row(`ESLint / ESLint with the plugin, ${name} (${String(sources.length)} files)`, ratios, 1 / 1.1)
}

/** 60 ms over the time from the import of the plugin to the end of its first file. */
function startUp(): CaseResult {
  const code = [
    `import { Linter } from 'eslint'`,
    `const linter = new Linter()`,
    `linter.verify('const a = 1', [{ rules: { 'no-undef': 'error' } }], 'a.mjs')`,
    `const started = performance.now()`,
    `const { default: plugin } = await import('eslint-plugin-pooler-safe')`,
    `const text = "import pg from 'pg'; const p = new pg.Pool(); p.on('error', f); await p.query('reset all')"`,
    `const found = linter.verify(text, [plugin.configs.recommended], 'a.mjs')`,
    `if (found.length === 0) throw new Error('the plugin has to find something')`,
    `process.stdout.write(String(performance.now() - started))`,
  ].join('\n')
  const times = Array.from({ length: rounds }, () => {
    const built = ['--input-type=module', '-e', code]
    return Number(
      execFileSync(process.execPath, built, { cwd: `${root}bench`, encoding: 'utf8', env: plainEnvironment() }),
    )
  })
  return row(
    'start-up: 60 ms / import and first statement',
    times.map((time) => 60 / time),
    1,
  )
}

/** Without the condition that loads sources: the built plugin, as users load it. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '' }
}

/** What is held after 2,000 files over what is held after 10,000 more. */
function memory(): CaseResult {
  const linter = new Linter({ cwd: root })
  const only: Linter.Config[] = [{ files }, poolerSafe.configs.recommended]
  const lint = (count: number, from: number): number => {
    for (let index = from; index < from + count; index += 1) {
      const text = `import { Pool } from 'pg'\nconst pool = new Pool()\npool.on('error', f)\nawait pool.query('set statement_timeout = ${String(index)}')`
      const found = linter.verify(text, only, `${root}bench/generated/${String(index)}.mjs`)
      if (found.length === 0) throw new Error('The plugin has to find something in every file.')
    }
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  }
  const before = lint(2_000, 0)
  const after = lint(10_000, 2_000)
  return row('memory: after 2,000 files / after 12,000', [before / after], 0.8)
}

function row(name: string, ratios: readonly number[], target: number): CaseResult {
  return {
    case: name,
    ratio: median(ratios),
    unit: '×',
    runs: ratios.length,
    spread: [Math.min(...ratios), Math.max(...ratios)],
    target: Number(target.toFixed(2)),
  }
}

const own = ownSources()
print({
  name: 'lint',
  machine: machine({ eslint: Linter.version }),
  cases: [
    startUp(),
    memory(),
    await costOf('a project', project(own)),
    await costOf(
      'this repository',
      own.filter((_, index) => index % 8 === 0),
    ),
  ],
})
