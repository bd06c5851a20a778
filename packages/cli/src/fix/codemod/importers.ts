import { isNode, nameOf, type Node, type Variable } from 'eslint-plugin-pooler-safe/analysis'
import { basename, dirname, extname, join } from 'node:path'
import { moduleOfRequire, type ModuleFacts } from './module-facts.ts'

/** How a file gets at an exported pool. */
export type Import = { readonly variable: Variable } | { readonly problem: string }

/** Whether a file may import another one, by its text. */
export function mayImport(text: string, target: string): boolean {
  const stem = basename(target, extname(target))
  return text.includes(stem === 'index' ? basename(dirname(target)) || '.' : stem) || /['"]\.{1,2}\/?['"]/.test(text)
}

/** How a file imports a name of another one; nothing when it does not. */
export function importsOf(facts: ModuleFacts, target: string, name: string): readonly Import[] {
  const found: Import[] = []
  const line = (node: Node): string => `line ${String(facts.line(node))}`
  for (const node of facts.find(({ type }) => /^(?:Import|Export|CallExpression)/.test(type))) {
    const specifier = node.type === 'CallExpression' ? moduleOfRequire(node) : nameOf(node.source)
    if (specifier === undefined || !leadsTo(specifier, facts.path, target)) continue
    if (node.type === 'ImportDeclaration') {
      for (const one of node.specifiers ?? []) {
        if (one.type === 'ImportNamespaceSpecifier') found.push({ problem: `is imported as a whole (${line(node)})` })
        if (one.type !== 'ImportSpecifier' || nameOf(one.imported) !== name) continue
        const variable = isNode(one.local) ? facts.variableOf(one.local) : undefined
        found.push(
          variable ? { variable } : { problem: `is imported in a way that cannot be followed (${line(node)})` },
        )
      }
    } else if (node.type === 'ExportNamedDeclaration') {
      if ((node.specifiers ?? []).some((one) => nameOf(one.local) === name))
        found.push({ problem: `is exported again (${line(node)})` })
    } else found.push({ problem: `is imported as a whole or exported again (${line(node)})` })
  }
  return found
}

const endings = [
  '',
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '/index.ts',
  '/index.tsx',
  '/index.js',
  '/index.mjs',
  '/index.cjs',
]

function leadsTo(specifier: string, from: string, target: string): boolean {
  if (!specifier.startsWith('.')) return false
  const path = join(dirname(from), specifier)
  if (endings.some((ending) => path + ending === target)) return true
  // `./db.js` stands for `./db.ts`.
  const written = /^(.*)\.([cm]?)jsx?$/.exec(path)
  return written !== null && [`${written[1] ?? ''}.${written[2] ?? ''}ts`, `${written[1] ?? ''}.tsx`].includes(target)
}
