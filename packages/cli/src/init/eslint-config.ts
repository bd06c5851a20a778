import { isNode, nameOf, propertyName, unwrap, type Edit, type Node } from 'eslint-plugin-pooler-safe/analysis'
import { ModuleSyntaxError, parseModule } from '../audit/parse-module.ts'
import { applyEdits } from '../fix/apply-edits.ts'
import { parsesAsBefore } from '../fix/fix-text.ts'
import { sessionFolders } from './config-file.ts'
import type { Step, Surroundings } from './step.ts'

const names = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `eslint.config.${extension}`)
const plugin = 'eslint-plugin-pooler-safe'

/** The preset in the configuration of ESLint, and of oxlint where that is used. */
export function eslintSteps(around: Surroundings): readonly Step[] {
  const steps: Step[] = []
  const oxlint = ['.oxlintrc.json', 'oxlint.json'].find((name) => around.has(name))
  if (oxlint !== undefined) steps.push(oxlintStep(oxlint, around))
  const file = names.find((name) => around.has(name))
  if (file !== undefined) return [...steps, editStep(file, around)]
  if (oxlint !== undefined && !around.manifest.dependencies.has('eslint')) return steps
  const old = ['.eslintrc', '.eslintrc.js', '.eslintrc.cjs', '.eslintrc.json', '.eslintrc.yml', '.eslintrc.yaml'].find(
    (name) => around.has(name),
  )
  if (old !== undefined) {
    const why = 'the plugin needs the flat configuration (ESLint 9 and 10)'
    return [...steps, { kind: 'show', file: old, why, text: newConfig(around) }]
  }
  return [...steps, { kind: 'create', file: 'eslint.config.mjs', text: newConfig(around) }]
}

function oxlintStep(file: string, { read }: Surroundings): Step {
  if (read(file).includes(plugin)) return { kind: 'keep', file, why: 'it has the plugin' }
  const text = `"extends": ["./node_modules/${plugin}/oxlint.json"]\n`
  return { kind: 'show', file, why: 'it may have comments that would be lost', text }
}

/** What follows the preset: files of SQL, and the settings that the folder asks for. */
function entries(around: Surroundings, name: string): readonly string[] {
  const folders = sessionFolders(around)
  const settings =
    folders.length > 0
      ? [
          `{ settings: { 'pooler-safe': { sessionMode: { files: [${folders.map((folder) => `'${folder}'`).join(', ')}] } } } }`,
        ]
      : []
  return [`${name}.configs.recommended`, `${name}.configs.sql`, ...settings]
}

function newConfig(around: Surroundings): string {
  const isTyped = around.has('tsconfig.json') || around.manifest.dependencies.has('typescript')
  const list = [
    ...(isTyped ? [`{ files: ['**/*.{ts,tsx,mts,cts}'], languageOptions: { parser: tseslint.parser } }`] : []),
    ...entries(around, 'poolerSafe'),
  ]
  return [
    `import { defineConfig } from 'eslint/config'`,
    `import poolerSafe from '${plugin}'`,
    ...(isTyped ? [`import tseslint from 'typescript-eslint'`] : []),
    '',
    'export default defineConfig([',
    ...list.map((entry) => `  ${entry},`),
    '])',
    '',
  ].join('\n')
}

function editStep(file: string, around: Surroundings): Step {
  const text = around.read(file)
  if (text.includes(plugin)) return { kind: 'keep', file, why: 'it has the plugin' }
  const edited = edit(file, text, around)
  if (edited !== undefined && parsesAsBefore(file, text, edited))
    return { kind: 'edit', file, text: edited, what: 'the presets recommended and sql, at its end' }
  const isCommon =
    file.endsWith('.cjs') ||
    (file.endsWith('.js') && around.manifest.type !== 'module' && /\bmodule\.exports\b/.test(text))
  return {
    kind: 'show',
    file,
    why: 'its list of configurations is not written out where it is exported',
    text: [
      importLine(isCommon, 'poolerSafe', ';'),
      '// at the end of the list:',
      ...entries(around, 'poolerSafe').map((entry) => `${entry},`),
      '',
    ].join('\n'),
  }
}

function importLine(isCommon: boolean, name: string, semicolon: string): string {
  return isCommon ? `const ${name} = require('${plugin}')${semicolon}` : `import ${name} from '${plugin}'${semicolon}`
}

function edit(file: string, text: string, around: Surroundings): string | undefined {
  let program: Node
  try {
    program = parseModule(file, text).program
  } catch (error) {
    if (error instanceof ModuleSyntaxError) return undefined
    throw error
  }
  const body = Array.isArray(program.body) ? (program.body as readonly Node[]) : []
  const exported = exportedValue(body)
  if (!exported || /\bpoolerSafe\b/.test(text)) return undefined
  const list = listIn(exported.value, body)
  if (!list) return undefined
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const imports = body.filter((node) => (exported.isCommon ? isRequire(node) : node.type === 'ImportDeclaration'))
  const last = imports.at(-1)
  const semicolon = last && !text.slice(...last.range).endsWith(';') ? '' : last ? ';' : /;\s*$/m.test(text) ? ';' : ''
  const line = importLine(exported.isCommon, 'poolerSafe', semicolon)
  const head: Edit = last
    ? { range: [last.range[1], last.range[1]], text: `${lineEnd}${line}` }
    : { range: [body[0]?.range[0] ?? 0, body[0]?.range[0] ?? 0], text: `${line}${lineEnd}${lineEnd}` }
  return applyEdits(text, [head, append(list, entries(around, 'poolerSafe'), text, lineEnd)])
}

function exportedValue(body: readonly Node[]): { readonly value: Node; readonly isCommon: boolean } | undefined {
  for (const node of body) {
    if (node.type === 'ExportDefaultDeclaration') {
      const { declaration } = node as { readonly declaration?: unknown }
      if (isNode(declaration)) return { value: unwrap(declaration), isCommon: false }
    }
    const expression = node.type === 'ExpressionStatement' && isNode(node.expression) ? node.expression : undefined
    if (
      expression?.type === 'AssignmentExpression' &&
      expression.left?.type === 'MemberExpression' &&
      expression.right
    ) {
      const { left, right } = expression
      if (nameOf(left.object) === 'module' && propertyName(left) === 'exports')
        return { value: unwrap(right), isCommon: true }
    }
  }
  return undefined
}

interface List {
  readonly items: readonly Node[]
  /** Where the list ends, before its closing bracket. */
  readonly end: number
}

const functions = /^(?:defineConfig|tseslint\.config|ts\.config|config)$/

/** The list of configurations: an array, or the arguments of a function that is known to take them. */
function listIn(value: Node, body: readonly Node[]): List | undefined {
  if (value.type === 'ArrayExpression') {
    const items = (value.elements ?? []).filter((item) => item !== null)
    return { items, end: value.range[1] - 1 }
  }
  if (value.type === 'CallExpression' && value.callee) {
    const callee = value.callee
    const name =
      callee.type === 'MemberExpression'
        ? `${nameOf(callee.object) ?? ''}.${propertyName(callee) ?? ''}`
        : (nameOf(callee) ?? '')
    if (!functions.test(name)) return undefined
    const [first, ...more] = value.arguments ?? []
    if (first && more.length === 0 && unwrap(first).type === 'ArrayExpression') return listIn(unwrap(first), body)
    return { items: value.arguments ?? [], end: value.range[1] - 1 }
  }
  if (value.type !== 'Identifier') return undefined
  for (const node of body) {
    if (node.type !== 'VariableDeclaration' || node.kind !== 'const') continue
    for (const { id, init } of node.declarations ?? []) {
      if (nameOf(id) === value.name && init && unwrap(init).type !== 'Identifier') return listIn(unwrap(init), body)
    }
  }
  return undefined
}

/** Adds to a list in its own style: on lines of their own where it has lines. */
function append({ items, end }: List, added: readonly string[], text: string, lineEnd: string): Edit {
  const last = items.at(-1)
  if (!last) return { range: [end, end], text: added.join(', ') }
  const behind = text.slice(last.range[1], end)
  const comma = /^\s*,/.exec(behind)
  const at = last.range[1] + (comma ? comma[0].length : 0)
  const lineStart = text.lastIndexOf('\n', last.range[0] - 1) + 1
  const indent = text.slice(lineStart, last.range[0])
  const isOnLines = indent.trim() === '' && behind.includes('\n')
  const separator = comma ? '' : ','
  if (!isOnLines) return { range: [at, at], text: `${separator} ${added.join(', ')}` }
  return {
    range: [at, at],
    text: `${separator}${added.map((entry, index) => `${lineEnd}${indent}${entry}${index < added.length - 1 || comma ? ',' : ''}`).join('')}`,
  }
}

function isRequire(node: Node): boolean {
  return (
    node.type === 'VariableDeclaration' &&
    (node.declarations ?? []).some(({ init }) => init?.type === 'CallExpression' && nameOf(init.callee) === 'require')
  )
}
