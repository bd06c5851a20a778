import type { Node, Range } from './estree.ts'

/** A comment of the source. */
export interface Comment {
  readonly type: string
  readonly value: string
  readonly range?: Range | undefined
}

/** `// pooler-safe: session-mode because …` or `// pooler-safe: allow <rule>, <rule> because …`. */
export interface Directive {
  /** The rules that it allows; all rules about session state for `session-mode`. */
  readonly rules: readonly string[] | 'session-mode'
  readonly reason: string
  /** The comment. */
  readonly range: Range
  /** The code it covers. */
  readonly covers: Range
  used: boolean
}

/** A comment that wants to be a directive and is none. */
export interface BrokenDirective {
  readonly range: Range
  readonly problem: 'no-reason' | 'short-reason' | 'unknown-rule' | 'malformed'
  readonly detail: string
}

const shortestReason = 12

/** The rules that `session-mode` allows. */
export const sessionRules: ReadonlySet<string> = new Set([
  'no-session-state',
  'no-session-lock',
  'no-listen',
  'no-named-statement',
  'no-session-object',
  'no-connect-hook-state',
  'no-startup-parameters',
  'no-hazard-in-body',
  'no-raw-execute',
])

/** Reads the directives among comments. `start` finds the code that one covers. */
export function readDirectives(
  comments: readonly Comment[],
  rules: ReadonlySet<string>,
  covers: (comment: Range) => Range,
): { readonly directives: readonly Directive[]; readonly broken: readonly BrokenDirective[] } {
  const directives: Directive[] = []
  const broken: BrokenDirective[] = []
  for (const { value, range } of comments) {
    const match = /^[\s*]*pooler-safe:\s*([\s\S]*?)[\s*]*$/.exec(value)
    if (!match || !range) continue
    const parsed = parseDirective(match[1] ?? '', rules)
    if ('problem' in parsed) broken.push({ ...parsed, range })
    else directives.push({ ...parsed, range, covers: covers(range), used: false })
  }
  return { directives, broken }
}

type Parsed = Pick<Directive, 'rules' | 'reason'> | Pick<BrokenDirective, 'problem' | 'detail'>

function parseDirective(text: string, rules: ReadonlySet<string>): Parsed {
  const [, what = '', reason = ''] =
    /^([\s\S]*?)(?:\s+because\s+([\s\S]*))?$/.exec(text.replace(/\s+because\s*$/, '')) ?? []
  const words = what.trim()
  const isSessionMode = words === 'session-mode'
  const allowed = /^allow\s+(.+)$/
    .exec(words)?.[1]
    ?.split(/[\s,]+/)
    .map((name) => name.replace(/^pooler-safe\//, ''))
  if (!isSessionMode && !allowed) {
    return { problem: 'malformed', detail: words }
  }
  const unknown = allowed?.find((name) => !rules.has(name))
  if (unknown !== undefined) return { problem: 'unknown-rule', detail: unknown }
  const given = reason.replace(/\s+/g, ' ').trim()
  if (given === '') return { problem: 'no-reason', detail: words }
  if (given.length < shortestReason) return { problem: 'short-reason', detail: given }
  return { rules: isSessionMode ? 'session-mode' : (allowed ?? []), reason: given }
}

/** Whether a directive allows what a rule found at a place. */
export function allows(directive: Directive, rule: string, range: Range): boolean {
  const { covers, rules } = directive
  if (range[0] < covers[0] || range[0] >= covers[1]) return false
  return rules === 'session-mode' ? sessionRules.has(rule) : rules.includes(rule)
}

const coverable =
  /Statement$|Declaration$|^PropertyDefinition$|^MethodDefinition$|^Property$|^VariableDeclarator$|^TSAbstract|^ExportNamed|^ExportDefault/

/**
 * Finds what a comment covers: the statement, class member or property that starts right after it (or on the same
 * line before it); the whole file when nothing but comments and directives stand before.
 */
export function coverage(program: Node, source: string, nodes: readonly Node[]): (comment: Range) => Range {
  const [first] = Array.isArray(program.body) ? (program.body as readonly Node[]) : []
  const sorted = nodes
    .filter((node) => coverable.test(node.type))
    .sort((a, b) => a.range[0] - b.range[0] || b.range[1] - a.range[1])
  return ([start, end]) => {
    const lineStart = source.lastIndexOf('\n', start - 1) + 1
    const before = source.slice(lineStart, start)
    if (before.trim() !== '') {
      // At the end of a line: what starts on that line.
      const own = sorted.filter((node) => node.range[0] >= lineStart && node.range[0] < start)
      const [outermost] = own
      if (outermost) return [outermost.range[0], Math.max(outermost.range[1], start)]
    }
    if (first && end <= first.range[0] && /\n[ \t]*\r?\n/.test(source.slice(end, first.range[0])))
      return [0, source.length]
    const next = sorted.find((node) => node.range[0] >= end)
    return next ? next.range : [start, source.length]
  }
}
