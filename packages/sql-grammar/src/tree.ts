import { parseToJson } from './engine.ts'

/** A node of libpg-query's parse tree: fields by name, nested nodes as `{ TypeName: { … } }`. */
export type TreeNode = Readonly<Record<string, unknown>>

/** One statement of a parsed text. `start` and `length` are UTF-8 bytes and may take in blanks and comments. */
export interface ParsedStatement {
  readonly type: string
  readonly node: TreeNode
  readonly startBytes: number
  /** Up to the semicolon or the end of the text. */
  readonly lengthBytes: number | undefined
}

/** A text as PostgreSQL's grammar sees it. */
export interface ParseTree {
  /** Version of the grammar, as `server_version_num`. */
  readonly version: number
  readonly statements: readonly ParsedStatement[]
}

/**
 * Parses a text with PostgreSQL's own grammar (18). Empty statements are left out.
 *
 * Throws `SqlSyntaxError` when PostgreSQL would refuse the text, `GrammarUnavailable` when it is too long (64 Ki
 * characters), holds a NUL, or is nested too deeply.
 */
export function parseSql(text: string): ParseTree {
  const tree = JSON.parse(parseToJson(text)) as {
    readonly version: number
    readonly stmts: readonly { readonly stmt?: TreeNode; readonly stmt_location?: number; readonly stmt_len?: number }[]
  }
  const statements: ParsedStatement[] = []
  for (const { stmt, stmt_location: start = 0, stmt_len: length } of tree.stmts) {
    const [type, node] = onlyChild(stmt)
    if (node) statements.push({ type, node, startBytes: start, lengthBytes: length })
  }
  return { version: tree.version, statements }
}

/** The type name and the fields of a wrapped node; an empty name if there is none. */
export function onlyChild(wrapper: unknown): readonly [type: string, node: TreeNode | undefined] {
  if (!isNode(wrapper)) return ['', undefined]
  for (const [type, node] of Object.entries(wrapper)) if (isNode(node)) return [type, node]
  return ['', undefined]
}

export function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A field that is a node itself (its type is known from the field: `relation`, `into`). */
export function child(node: TreeNode | undefined, field: string): TreeNode | undefined {
  const value = node?.[field]
  return isNode(value) ? value : undefined
}

/** A field that is a list. */
export function list(node: TreeNode | undefined, field: string): readonly unknown[] {
  const value = node?.[field]
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

/** A field that is text. */
export function text(node: TreeNode | undefined, field: string): string | undefined {
  const value = node?.[field]
  return typeof value === 'string' ? value : undefined
}

/** The value of a wrapped `String` node. */
export function stringOf(wrapper: unknown): string | undefined {
  return isNode(wrapper) ? text(child(wrapper, 'String'), 'sval') : undefined
}

/** The names of a list of wrapped `String` nodes (`pg_catalog`, `set_config`). */
export function namesOf(wrappers: readonly unknown[]): readonly string[] {
  return wrappers.map((wrapper) => stringOf(wrapper) ?? '')
}

/** What a walk through a tree meets. */
export interface TreeVisitor {
  /**
   * A node, with its type's name where the tree gives it (`''` where the field implies it). Returning false leaves out
   * what is below.
   */
  node: (type: string, node: TreeNode) => boolean
  /** A list, by the field that holds it. */
  list: (field: string, items: readonly unknown[]) => void
}

/** Visits everything below a node, without recursion: expressions may be nested deeper than JavaScript's stack. */
export function visitTree(root: TreeNode, visitor: TreeVisitor): void {
  const pending: { readonly value: object; readonly field: string }[] = []
  const push = (node: TreeNode): void => {
    for (const [field, value] of Object.entries(node)) {
      if (typeof value === 'object' && value !== null) pending.push({ value, field })
    }
  }
  push(root)
  for (let entry = pending.pop(); entry; entry = pending.pop()) {
    const { value, field } = entry
    if (Array.isArray(value)) {
      const items = value as readonly unknown[]
      visitor.list(field, items)
      for (const item of items) if (typeof item === 'object' && item !== null) pending.push({ value: item, field })
      continue
    }
    const node = value as TreeNode
    const keys = Object.keys(node)
    const type = keys.length === 1 ? (keys[0] ?? '') : ''
    const inner = node[type]
    // Type names start with a capital, fields do not.
    if (/^[A-Z]/.test(type) && isNode(inner)) {
      if (visitor.node(type, inner)) push(inner)
    } else if (visitor.node('', node)) push(node)
  }
}
