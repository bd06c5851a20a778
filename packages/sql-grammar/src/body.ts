import { analyzeSql, type SqlReason } from '@pooler-safe/hazards'
import { isKeyword, tokenize, tokenKinds, type Tokens } from '@pooler-safe/hazards/sql-table'
import { analyzeTree } from './analyze.ts'
import { GrammarUnavailable, parsePlpgsqlToJson, SqlSyntaxError } from './engine.ts'
import { assignmentsOf, dynamicTexts, isWhole, startsUnknown, type Assigned } from './dynamic-text.ts'
import { byteOffsets } from './positions.ts'
import {
  child,
  isNode,
  list,
  onlyChild,
  parseSql,
  stringOf,
  text as textOf,
  visitTree,
  type ParseTree,
  type TreeNode,
} from './tree.ts'

/** Something that the body of a routine or `do` block does to the session of whoever runs it. */
export interface BodyFinding extends SqlReason {
  readonly hazard: 'hidden-in-routine'
  /** What it is; its offsets count from the start of the whole text, too. */
  readonly inner: SqlReason
  /** Runs at once (`do`), or whenever the routine is called. */
  readonly routine: 'do' | 'function' | 'procedure'
  /** Index of the statement that holds the body. */
  readonly statement: number
}

/**
 * Looks into the bodies of `do` blocks and of routines that a text creates, in PL/pgSQL and SQL.
 *
 * Reports what changes or reads session state there, transaction control, and SQL that is put together at run time so
 * that its command is unknown (`execute` of a parameter: verdict `opaque`). What needs a transaction is fine in a body: it always runs
 * in one. Offsets point at the words when the body is dollar-quoted, else at the body.
 *
 * A body that no parser can read is reported as opaque, and read word by word. Other languages say nothing. Throws as
 * `parseSql` does.
 */
export function analyzeBody(text: string): readonly BodyFinding[] {
  return bodiesOf(text, parseSql(text))
}

/** `analyzeBody` for a text whose tree is at hand. */
export function bodiesOf(text: string, tree: ParseTree): readonly BodyFinding[] {
  const findings: BodyFinding[] = []
  const offsetOf = byteOffsets(text)
  for (const [statement, { type, node, startBytes, lengthBytes }] of tree.statements.entries()) {
    if (type !== 'DoStmt' && type !== 'CreateFunctionStmt') continue
    const routine = type === 'DoStmt' ? 'do' : node['is_procedure'] === true ? 'procedure' : 'function'
    const start = offsetOf(startBytes)
    const end = lengthBytes === undefined ? text.length : offsetOf(startBytes + lengthBytes)
    for (const inner of reasonsInside(text.slice(start, end), node)) {
      if (inner.verdict === 'safe' || inner.verdict === 'tx') continue
      const moved = { ...withoutFix(inner), start: inner.start + start, end: inner.end + start }
      findings.push({ ...moved, hazard: 'hidden-in-routine', inner: moved, routine, statement })
    }
  }
  return findings.sort((a, b) => a.start - b.start)
}

function withoutFix({ hazard, verdict, subject, start, end }: SqlReason): SqlReason {
  return { hazard, verdict, subject, start, end }
}

/** Everything inside the body of one statement, with offsets from the start of that statement. */
function reasonsInside(text: string, node: TreeNode): readonly SqlReason[] {
  const options = [...list(node, 'args'), ...list(node, 'options')].map((item) => onlyChild(item)[1])
  const option = (name: string): unknown => options.find((item) => textOf(item, 'defname') === name)?.['arg']
  const language = (stringOf(option('language')) ?? (node['args'] ? 'plpgsql' : 'sql')).toLowerCase()

  const standardBody = node['sql_body']
  if (isNode(standardBody)) return reasonsInStandardBody(text)

  const source = option('as')
  const body = stringOf(source) ?? stringOf(list(child(isNode(source) ? source : undefined, 'List'), 'items')[0])
  if (body === undefined) return []
  const place = locateBody(text, body)
  if (language === 'plpgsql') return reasonsInPlpgsql(text, body, place)
  if (language !== 'sql') return []
  return readText(body).map((reason) => place.move(reason))
}

/** Where a body stands in its statement, and how offsets inside it become offsets of the statement. */
interface BodyPlace {
  readonly start: number
  readonly end: number
  move(reason: SqlReason): SqlReason
}

function locateBody(text: string, body: string): BodyPlace {
  const tokens = tokenize(text)
  for (let i = 0; i < tokens.count; i += 1) {
    const kind = tokens.kinds[i]
    if (kind !== tokenKinds.string && kind !== tokenKinds.plainString) continue
    const start = tokens.starts[i] ?? 0
    const end = tokens.ends[i] ?? 0
    const source = text.slice(start, end)
    const opening = /^(?:\$[^$]*\$|')/.exec(source)?.[0]
    // Where quotes are doubled or escaped, offsets inside are not those of the text.
    if (opening !== undefined && source.slice(opening.length, -opening.length) === body) {
      const inside = start + opening.length
      return {
        start: inside,
        end: inside + body.length,
        move: (reason) => ({ ...reason, start: reason.start + inside, end: reason.end + inside }),
      }
    }
  }
  const whole = { start: 0, end: text.length }
  return { ...whole, move: (reason) => ({ ...reason, ...whole }) }
}

/**
 * The reasons of a text of statements by the grammar, those in the bodies of routines that it creates included; by its
 * words when the grammar cannot read it.
 */
function readStatements(text: string): readonly SqlReason[] {
  return readByGrammar(text) ?? readWords(text)
}

/** The same for a whole text, which is reported as opaque when the grammar cannot read it. */
function readText(text: string): readonly SqlReason[] {
  return readByGrammar(text) ?? [unparsable(text), ...readWords(text)]
}

function readByGrammar(text: string): readonly SqlReason[] | undefined {
  try {
    const tree = parseSql(text)
    return [
      ...analyzeTree(text, tree).statements.flatMap(({ reasons }) => reasons),
      ...bodiesOf(text, tree).map(({ inner }) => inner),
    ]
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof GrammarUnavailable) return undefined
    throw error
  }
}

function unparsable(text: string): SqlReason {
  return { hazard: 'hidden-in-routine', verdict: 'opaque', subject: 'unparsable body', start: 0, end: text.length }
}

function readWords(text: string): readonly SqlReason[] {
  return analyzeSql(text).statements.flatMap(({ reasons }) => reasons)
}

/** `begin atomic … end` and `return …`: the statement's own text with the head cut off, so that the rest is read. */
function reasonsInStandardBody(text: string): readonly SqlReason[] {
  const tokens = tokenize(text)
  const word = (at: number): string => text.slice(tokens.starts[at], tokens.ends[at]).toLowerCase()
  let depth = 0
  for (let i = 0; i < tokens.count; i += 1) {
    const kind = tokens.kinds[i]
    if (kind === tokenKinds.open) depth += 1
    else if (kind === tokenKinds.close) depth -= 1
    else if (depth === 0 && kind === tokenKinds.word) {
      const atomic = word(i) === 'begin' && word(i + 1) === 'atomic'
      if (!atomic && word(i) !== 'return') continue
      const from = tokens.ends[atomic ? i + 1 : i] ?? text.length
      const to = atomic ? (tokens.starts[tokens.count - 1] ?? text.length) : text.length
      const inside = text.slice(from, to)
      const moved = readStatements(atomic ? inside : `select${inside}`)
      const shift = atomic ? from : from - 'select'.length
      return moved.map((reason) => ({ ...reason, start: reason.start + shift, end: reason.end + shift }))
    }
  }
  return []
}

/** `RawParseMode` of PostgreSQL, for the pieces of SQL inside PL/pgSQL. */
const statementMode = 0
const firstAssignmentMode = 3

function reasonsInPlpgsql(text: string, body: string, place: BodyPlace): readonly SqlReason[] {
  let tree: TreeNode
  try {
    tree = JSON.parse(parsePlpgsqlToJson(text)) as TreeNode
  } catch (error) {
    if (!(error instanceof SqlSyntaxError || error instanceof GrammarUnavailable)) throw error
    return [unparsable(body), ...readPlpgsqlWords(body)].map((reason) => place.move(reason))
  }
  const pieces: Piece[] = []
  const initials: string[] = []
  visitTree(tree, {
    node: (type, node) => {
      if (/^PLpgSQL_stmt_(?:commit|rollback)$/.test(type)) {
        pieces.push({ kind: 'control', source: type.slice('PLpgSQL_stmt_'.length), mode: statementMode })
      }
      // `execute …`, `for … in execute …`, `return query execute …`, `open … for execute …`
      const dynamic = dynamicExpression(type, node)
      if (dynamic !== undefined) pieces.push({ kind: 'dynamic', source: dynamic, mode: 2 })
      const initial =
        type === 'PLpgSQL_var' ? textOf(child(child(node, 'default_val'), 'PLpgSQL_expr'), 'query') : undefined
      if (initial !== undefined) initials.push(`${textOf(node, 'refname') ?? ''} := ${initial}`)
      if (type === 'PLpgSQL_expr') {
        const source = textOf(node, 'query')
        if (source !== undefined) {
          pieces.push({ kind: 'static', source, mode: Number(node['parseMode'] ?? statementMode) })
        }
      }
      return true
    },
    list: () => undefined,
  })
  const cursor = new Cursor(body)
  const assigned = assignmentsOf([
    ...initials,
    ...pieces.flatMap(({ mode, source }) => (mode >= firstAssignmentMode ? [source] : [])),
  ])
  return pieces.flatMap((piece) => readPiece(piece, cursor, assigned)).map((reason) => place.move(reason))
}

interface Piece {
  readonly kind: 'static' | 'dynamic' | 'control'
  readonly source: string
  readonly mode: number
}

/** The expression whose value PL/pgSQL runs as SQL in this node. */
function dynamicExpression(type: string, node: TreeNode): string | undefined {
  const field =
    type === 'PLpgSQL_stmt_dynexecute' || type === 'PLpgSQL_stmt_dynfors'
      ? 'query'
      : type === 'PLpgSQL_stmt_return_query' || type === 'PLpgSQL_stmt_open'
        ? 'dynquery'
        : undefined
  if (field === undefined) return undefined
  return textOf(child(child(node, field), 'PLpgSQL_expr'), 'query')
}

interface Place {
  readonly start: number
  readonly end: number
}

/** Finds the pieces of a body again in its source. */
class Cursor {
  readonly whole: Place
  readonly #body: string
  readonly #tokens: Tokens
  /** Where tokens start: what looks like a piece inside of a comment or a string is none. */
  readonly #starts: ReadonlySet<number>
  readonly #taken = new Map<string, number>()

  constructor(body: string) {
    this.#body = body
    this.#tokens = tokenize(body)
    this.#starts = new Set(this.#tokens.starts.subarray(0, this.#tokens.count))
    this.whole = { start: 0, end: body.length }
  }

  /** The next place of these words, or nothing when they are not written like that. */
  find(words: string): Place | undefined {
    if (words === '') return undefined
    // A piece that occurs several times is found once after the other.
    let start = this.#body.indexOf(words, this.#taken.get(words) ?? 0)
    while (start >= 0 && !this.#starts.has(start)) start = this.#body.indexOf(words, start + 1)
    if (start < 0) return undefined
    this.#taken.set(words, start + words.length)
    return { start, end: start + words.length }
  }

  /** The next place of a keyword, in upper or lower case. */
  findKeyword(keyword: string): Place | undefined {
    const from = this.#taken.get(keyword) ?? 0
    for (let i = 0; i < this.#tokens.count; i += 1) {
      const start = this.#tokens.starts[i] ?? 0
      if (start < from || !isKeyword(this.#tokens, i, keyword)) continue
      this.#taken.set(keyword, start + keyword.length)
      return { start, end: start + keyword.length }
    }
    return undefined
  }
}

function readPiece({ kind, source, mode }: Piece, cursor: Cursor, assigned: Assigned): readonly SqlReason[] {
  if (kind === 'control') {
    const place = cursor.findKeyword(source) ?? cursor.whole
    return [{ hazard: 'commit-outside-tx', verdict: 'txctl', subject: source, ...place }]
  }
  if (kind === 'dynamic') return readDynamic(source, cursor, assigned)

  // `perform f()` comes as `SELECT f()`; assignments as `x := f()`.
  const written = mode === statementMode ? source.replace(/^SELECT /, '') : source
  const asSql =
    mode === statementMode ? source : `select ${mode >= firstAssignmentMode ? source.replace(/^[^=]*=/, '') : source}`
  const reasons = readStatements(asSql)
  if (reasons.length === 0) return []
  const place = cursor.find(written)
  if (!place) return reasons.map((reason) => ({ ...reason, ...cursor.whole }))
  // Both end alike, whatever was put before.
  const shift = place.end - asSql.length
  return reasons.map((reason) => ({ ...reason, start: reason.start + shift, end: reason.end + shift }))
}

/**
 * The text that `execute` runs is read as far as the body shows it: constants, what is joined to them, `format` with its
 * holes, variables that are given such texts. Without a known beginning nobody can say what it does.
 */
function readDynamic(source: string, cursor: Cursor, assigned: Assigned): readonly SqlReason[] {
  const place = cursor.find(source) ?? cursor.whole
  const texts = dynamicTexts(source, assigned)
  if (texts.some(startsUnknown) || texts.length === 0) {
    return [{ hazard: 'hidden-in-routine', verdict: 'opaque', subject: 'execute', ...place }]
  }
  return texts
    .flatMap((text) => (isWhole(text) ? readText(text) : readStatements(text)))
    .map((reason) => ({ ...reason, ...place }))
}

/** A body that PL/pgSQL cannot parse: every piece between semicolons, from wherever a statement may start in it. */
function readPlpgsqlWords(body: string): readonly SqlReason[] {
  const tokens = tokenize(body)
  const starters = /^(?:begin|then|else|loop|declare)$/i
  // A semicolon of the same width in front of every statement, so that offsets stay.
  let spread = ''
  let copied = 0
  for (let i = 0; i < tokens.count; i += 1) {
    const start = tokens.starts[i] ?? 0
    const end = tokens.ends[i] ?? 0
    if (!starters.test(body.slice(start, end))) continue
    spread += `${body.slice(copied, start)};${' '.repeat(end - start - 1)}`
    copied = end
  }
  spread += body.slice(copied)
  return readWords(spread).flatMap((reason): readonly SqlReason[] => {
    const subject = reason.subject.toLowerCase()
    // Blocks end with `end`, and `execute` takes a text.
    if (subject === 'end') return []
    if (subject !== 'execute') return [reason]
    return [{ ...reason, hazard: 'hidden-in-routine', verdict: 'opaque' }]
  })
}
