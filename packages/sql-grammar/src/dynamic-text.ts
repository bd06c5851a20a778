import { GrammarUnavailable, SqlSyntaxError } from './engine.ts'
import { child, isNode, list, onlyChild, parseSql, stringOf, text as textOf, type TreeNode } from './tree.ts'

/** The expressions that the variables of a body are given, by name. */
export type Assigned = ReadonlyMap<string, readonly string[]>

/** Stands for what is known at run time only; a name, so that the grammar takes it in most places. */
const unknown = 'hole_in_execute'
/** Variables are followed through this many others. */
const deepest = 4
/** More ways to put a text together are not told apart. */
const most = 8

/** Whether nothing is known of how a text begins. */
export function startsUnknown(text: string): boolean {
  return text.trimStart().replaceAll('(', '').startsWith(unknown)
}

/** Whether all of a text is known. */
export function isWhole(text: string): boolean {
  return !text.includes(unknown)
}

/** Collects `name := expression`, as PL/pgSQL hands assignments out. */
export function assignmentsOf(sources: readonly string[]): Assigned {
  const assigned = new Map<string, string[]>()
  for (const source of sources) {
    const match = /^\s*("?[A-Za-z_][\w$]*"?)\s*:?=\s*([^]+)$/.exec(source)
    if (!match?.[1] || !match[2]) continue
    const name = match[1].replaceAll('"', '').toLowerCase()
    assigned.set(name, [...(assigned.get(name) ?? []), match[2]])
  }
  return assigned
}

/** What an expression of PL/pgSQL may be as text, with names for what only the run time knows; empty if it is no expression. */
export function dynamicTexts(source: string, assigned: Assigned): readonly string[] {
  return textsOfSource(source, { assigned, open: new Set() })
}

interface Reading {
  readonly assigned: Assigned
  /** Variables that are being read: `text := text || more`. */
  readonly open: ReadonlySet<string>
}

function textsOfSource(source: string, reading: Reading): readonly string[] {
  try {
    const target = list(parseSql(`select ${source}`).statements[0]?.node, 'targetList')[0]
    return textsOf(onlyChild(target)[1]?.['val'], reading).slice(0, most)
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof GrammarUnavailable) return []
    throw error
  }
}

function textsOf(value: unknown, reading: Reading): readonly string[] {
  if (!isNode(value)) return [unknown]
  const [type, node] = onlyChild(value)
  if (node === undefined) return [unknown]
  switch (type) {
    case 'A_Const':
      return [textOf(child(node, 'sval'), 'sval') ?? unknown]
    case 'TypeCast':
      return textsOf(node['arg'], reading)
    case 'A_Expr':
      return nameIn(node, 'name') === '||'
        ? pairs(textsOf(node['lexpr'], reading), textsOf(node['rexpr'], reading))
        : [unknown]
    case 'FuncCall':
      return callTexts(node, reading)
    case 'CaseExpr':
      return [
        ...list(node, 'args').flatMap((branch) => textsOf(onlyChild(branch)[1]?.['result'], reading)),
        ...(node['defresult'] === undefined ? [] : textsOf(node['defresult'], reading)),
      ]
    case 'ColumnRef':
      return variableTexts(node, reading)
  }
  return [unknown]
}

function pairs(left: readonly string[], right: readonly string[]): readonly string[] {
  return left.flatMap((before) => right.map((after) => before + after)).slice(0, most)
}

function nameIn(node: TreeNode, field: string): string | undefined {
  return stringOf(list(node, field).at(-1))
}

function callTexts(node: TreeNode, reading: Reading): readonly string[] {
  const [first, ...rest] = list(node, 'args')
  switch (nameIn(node, 'funcname')?.toLowerCase() ?? '') {
    case 'format':
      return textsOf(first, reading).map((pattern) => filled(pattern, rest, reading))
    case 'concat':
      return list(node, 'args')
        .map((part) => textsOf(part, reading))
        .reduce(pairs, [''])
    case 'quote_literal':
    case 'quote_nullable':
      return ["''"]
    case 'replace':
    case 'trim':
    case 'btrim':
    case 'lower':
    case 'upper':
      return textsOf(first, reading)
  }
  return [unknown]
}

/** `format('… %I … %L', …)`: `%s` is filled where its argument is a text that is known. */
function filled(pattern: string, given: readonly unknown[], reading: Reading): string {
  let next = 0
  return pattern.replace(/%(?:(\d+)\$)?-?\d*([IsL%])/g, (_match, position: string | undefined, kind: string) => {
    if (kind === '%') return '%'
    if (position !== undefined) next = Number(position) - 1
    const value = given[next]
    next += 1
    if (kind === 'L') return "''"
    if (kind === 'I') return unknown
    return textsOf(value, reading)[0] ?? unknown
  })
}

function variableTexts(node: TreeNode, { assigned, open }: Reading): readonly string[] {
  const fields = list(node, 'fields')
  const name = stringOf(fields[0])
  if (fields.length !== 1 || name === undefined || open.has(name) || open.size >= deepest) return [unknown]
  const sources = assigned.get(name) ?? []
  // `text := text || more` begins as the text did before.
  const texts = sources.flatMap((source) => textsOfSource(source, { assigned, open: new Set([...open, name]) }))
  const begun = texts.filter((text) => !startsUnknown(text))
  const isGrown = texts.length > begun.length && sources.some((source) => new RegExp(`\\b${name}\\b`, 'i').test(source))
  if (texts.length === 0 || (begun.length < texts.length && !isGrown) || begun.length === 0) return [unknown]
  return begun
}
