import type { AnalyzedStatement, Command, SqlReason, Verdict } from './analysis.ts'
import { verdicts } from './analysis.ts'
import { dangerOf, reasonOf, scanExpressions } from './calls.ts'
import { isKeyword, isName, nameLength, nameOf, tokenKinds, tokenText, type Tokens } from './lexer.ts'
import { startsRoutine } from './split.ts'
import { isTemporarySchema, sessionSettingKind, statementRules, type StatementKind } from './table.ts'

const K = tokenKinds

/** Analyses the statement in the token range `from` (included) to `to` (not included), which is not empty. */
export function analyzeStatement(tokens: Tokens, index: number, from: number, to: number): AnalyzedStatement {
  const reader = new StatementReader(tokens, from, to)
  reader.read()
  const { reasons } = reader
  if (reasons.length > 1) reasons.sort((a, b) => a.start - b.start)
  return {
    index,
    start: tokens.starts[from] ?? 0,
    end: tokens.ends[to - 1] ?? 0,
    verdict: worstOf(reasons),
    command: reader.command,
    reasons,
  }
}

/** The worst verdict among reasons; `safe` when there are none. */
export function worstOf(reasons: readonly { readonly verdict: Verdict }[]): Verdict {
  let worst = 0
  for (const { verdict } of reasons) worst = Math.max(worst, verdicts.indexOf(verdict))
  return verdicts[worst] ?? 'session'
}

/** Reads one statement at the token level: its leading keywords, then whatever can stand anywhere in it. */
class StatementReader {
  readonly reasons: SqlReason[] = []
  command: Command = 'other'
  readonly #tokens: Tokens
  readonly #from: number
  readonly #to: number
  /** The schema token of a temporary table under creation, which has a reason already. */
  #temporarySchema = -1

  constructor(tokens: Tokens, from: number, to: number) {
    this.#tokens = tokens
    this.#from = from
    this.#to = to
  }

  read(): void {
    const tokens = this.#tokens
    const first = tokens.kinds[this.#from] === K.word ? nameOf(tokens, this.#from) : ''
    if (this.#dispatch(first, this.#from)) {
      scanExpressions(tokens, this.#from, this.#to, this.reasons, this.#temporarySchema)
    }
  }

  /** Takes in the leading keywords at `at`; says whether the rest can hold expressions. */
  #dispatch(keyword: string, at: number): boolean {
    switch (keyword) {
      case 'select':
      case 'with':
      case '':
        this.#rowLocks(at)
        return true
      case 'set':
        this.#set(at)
        return false
      case 'reset':
        this.#reset(at)
        return false
      case 'discard':
        this.#discard(at)
        return false
      case 'load':
      case 'listen':
      case 'unlisten':
        this.#add(keyword, at)
        return false
      case 'prepare':
        if (this.#is(at + 1, 'transaction') && this.#to - at === 3 && !isName(this.#tokens, at + 2)) {
          this.#add('prepare transaction', at, at + 1)
          return false
        }
        this.#add('prepare', at)
        return true
      case 'execute':
        this.#add('execute', at)
        return true
      case 'deallocate': {
        const name = this.#is(at + 1, 'prepare') && this.#to - at > 2 ? at + 2 : at + 1
        this.#add(this.#is(name, 'all') ? 'deallocate all' : 'deallocate', at)
        return false
      }
      case 'declare':
        this.#declare(at)
        return true
      case 'fetch':
      case 'move':
      case 'close':
        this.#add('use cursor', at)
        return false
      case 'lock':
        this.#add('lock', at)
        return true
      case 'begin':
      case 'start':
        this.#add('begin', at)
        return false
      case 'commit':
      case 'end':
      case 'rollback':
      case 'abort':
        this.#end(keyword, at)
        return false
      case 'savepoint':
      case 'release':
        this.#add(keyword, at)
        return false
      case 'do':
        this.#add('do', at)
        return false
      case 'call':
        this.#add('call', at)
        return true
      case 'explain':
        return this.#explain(at)
      case 'copy':
        this.#copy(at)
        return true
      case 'create':
        return this.#create(at)
      case 'alter':
        return this.#alter(at)
      case 'drop':
        this.#drop(at)
        this.#temporaryReferences()
        return false
      case 'vacuum':
        this.#add('no transaction', at)
        return true
      case 'reindex':
        this.#reindex(at)
        return true
      case 'cluster':
        this.#cluster(at)
        return true
      case 'grant':
      case 'revoke':
      case 'comment':
      case 'security':
      case 'import':
      case 'notify':
      case 'show':
        // They name functions and objects without using them.
        this.#temporaryReferences()
        return false
      default:
        return true
    }
  }

  #is(at: number, keyword: string): boolean {
    return at < this.#to && isKeyword(this.#tokens, at, keyword)
  }

  #isAny(at: number, ...keywords: string[]): boolean {
    return keywords.some((keyword) => this.#is(at, keyword))
  }

  #add(kind: StatementKind, first: number, last = first, subject?: string): void {
    const rule = statementRules[kind]
    if (rule.command !== 'other') this.command = rule.command
    this.reasons.push(reasonOf(this.#tokens, kind, first, Math.min(last, this.#to - 1), subject))
  }

  /** Whether a name, quoted or not, stands among these tokens. */
  #isNamedBetween(from: number, to: number, name: string): boolean {
    for (let i = from; i < to; i += 1) if (isName(this.#tokens, i) && nameOf(this.#tokens, i) === name) return true
    return false
  }

  /** Where the keyword stands outside parentheses from `at` on, or -1. After a dot every word is a name. */
  #find(at: number, keyword: string): number {
    let depth = 0
    for (let i = at; i < this.#to; i += 1) {
      const kind = this.#tokens.kinds[i]
      if (kind === K.open) depth += 1
      else if (kind === K.close) depth -= 1
      else if (depth === 0 && kind === K.word && this.#is(i, keyword) && this.#tokens.kinds[i - 1] !== K.dot) return i
    }
    return -1
  }

  /** The token after the parenthesis that closes the one at `at`. */
  #afterParentheses(at: number): number {
    let depth = 0
    for (let i = at; i < this.#to; i += 1) {
      const kind = this.#tokens.kinds[i]
      if (kind === K.open) depth += 1
      else if (kind === K.close) {
        depth -= 1
        if (depth === 0) return i + 1
      }
    }
    return this.#to
  }

  // ── Settings ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #set(at: number): void {
    if (this.#is(at + 1, 'constraints') && !this.#isAssignment(at + 2)) {
      this.#add('set constraints', at, at + 1)
      return
    }
    let name = at + 1
    const local = this.#is(name, 'local') && !this.#isAssignment(name + 1)
    const session = this.#is(name, 'session') && !this.#isAssignment(name + 1)
    if (local) name += 1
    // `set session authorization` and `set session characteristics` are names of their own.
    else if (session && !this.#isAny(name + 1, 'authorization', 'characteristics')) name += 1
    else if (session && this.#isAssignment(name + 2)) name += 1

    if (this.#is(name, 'transaction') && !this.#isAssignment(name + 1)) {
      const snapshot = this.#is(name + 1, 'snapshot')
      this.#add(snapshot ? 'set transaction snapshot' : 'set transaction', at, name)
      return
    }
    if (this.#is(name, 'session') && this.#is(name + 1, 'characteristics') && !this.#isAssignment(name + 1)) {
      this.#add(local ? 'set local' : 'set session characteristics', name, name + 1)
      return
    }
    this.#setting(at, name, local, session && name > at + 1)
  }

  /** Whether `to` or `=` is next, so that the word before it is the name of a setting. */
  #isAssignment(at: number): boolean {
    if (at >= this.#to) return false
    if (this.#tokens.kinds[at] === K.dot || this.#is(at, 'to')) return true
    if (this.#is(at, 'from') && this.#is(at + 1, 'current')) return true
    return this.#tokens.kinds[at] === K.operator && this.#tokens.text[this.#tokens.starts[at] ?? 0] === '='
  }

  /** A plain setting whose name starts at `name`; `set` is the token to edit in a fix. */
  #setting(set: number, name: number, local: boolean, session: boolean): void {
    const { setting, last } = this.#settingName(name)
    const kind = local ? 'set local' : sessionSettingKind(setting, false)
    const reason = reasonOf(this.#tokens, kind, name, Math.min(last, this.#to - 1), setting)
    const { starts, ends } = this.#tokens
    const fix = session
      ? { start: starts[set + 1] ?? 0, end: ends[set + 1] ?? 0, text: 'local', safe: false }
      : { start: ends[set] ?? 0, end: ends[set] ?? 0, text: ' local', safe: false }
    this.reasons.push(local ? reason : { ...reason, fix })
    const danger = dangerOf(setting, local)
    if (danger) this.reasons.push({ ...reason, ...danger })
  }

  /** The name of the setting at `at`, in PostgreSQL's spelling, and its last token. */
  #settingName(at: number): { readonly setting: string; readonly last: number } {
    const tokens = this.#tokens
    if (!this.#isAssignment(at + 1)) {
      if (this.#is(at, 'time') && this.#is(at + 1, 'zone')) return { setting: 'timezone', last: at + 1 }
      if (this.#is(at, 'session') && this.#is(at + 1, 'authorization')) {
        return { setting: 'session_authorization', last: at + 1 }
      }
      if (this.#is(at, 'xml') && this.#is(at + 1, 'option')) return { setting: 'xmloption', last: at + 1 }
      if (this.#is(at, 'names')) return { setting: 'client_encoding', last: at }
      if (this.#is(at, 'schema')) return { setting: 'search_path', last: at }
    }
    if (at >= this.#to) return { setting: '', last: at - 1 }
    let setting = nameOf(tokens, at)
    let last = at + nameLength(tokens, at) - 1
    while (last + 2 < this.#to && tokens.kinds[last + 1] === K.dot) {
      setting += `.${nameOf(tokens, last + 2)}`
      last += 1 + nameLength(tokens, last + 2)
    }
    return { setting: setting.toLowerCase(), last }
  }

  #reset(at: number): void {
    const { setting, last } = this.#settingName(at + 1)
    this.#add(sessionSettingKind(setting, true), at + 1, last, setting)
  }

  #discard(at: number): void {
    const kind = this.#is(at + 1, 'plans')
      ? 'discard plans'
      : this.#isAny(at + 1, 'temp', 'temporary')
        ? 'discard temp'
        : this.#is(at + 1, 'sequences')
          ? 'discard sequences'
          : 'discard all'
    this.#add(kind, at, at + 1)
  }

  // ── Transactions ──────────────────────────────────────────────────────────────────────────────────────────────────

  #end(keyword: 'commit' | 'end' | 'rollback' | 'abort', at: number): void {
    const commits = keyword === 'commit' || keyword === 'end'
    if (this.#is(at + 1, 'prepared')) {
      this.#add(commits ? 'commit prepared' : 'rollback prepared', at, at + 1)
      return
    }
    const next = this.#isAny(at + 1, 'work', 'transaction') ? at + 2 : at + 1
    if (keyword === 'rollback' && this.#is(next, 'to')) {
      this.#add('rollback to', at, next)
      return
    }
    const chain = this.#is(next, 'and') && !this.#is(next + 1, 'no')
    if (commits) this.#add(chain ? 'commit and chain' : 'commit', at)
    else this.#add(chain ? 'rollback and chain' : 'rollback', at)
  }

  // ── Cursors, COPY, EXPLAIN ────────────────────────────────────────────────────────────────────────────────────────

  #declare(at: number): void {
    // Between the cursor's name and `for`: `binary insensitive no scroll cursor with hold`.
    const query = this.#find(at + 2, 'for')
    const end = query < 0 ? this.#to : query
    for (let i = at + 2; i < end; i += 1) {
      if (this.#is(i, 'with') && this.#is(i + 1, 'hold')) {
        this.#add('declare with hold', i, i + 1)
        return
      }
    }
    this.#add('declare', at)
  }

  #copy(at: number): void {
    const from = this.#find(at, 'from')
    const to = this.#find(at, 'to')
    const direction = from >= 0 && (to < 0 || from < to) ? from : to
    if (direction < 0 || direction + 1 >= this.#to) return
    // PostgreSQL takes STDIN and STDOUT as the same word: `copy t to stdin` works. Its tree does not tell an empty file
    // name from none, so neither does this.
    const file = direction + 1
    if (!this.#isAny(file, 'stdin', 'stdout') && !emptyString.test(tokenText(this.#tokens, file))) return
    this.#add(direction === from ? 'copy in' : 'copy out', at)
  }

  #explain(at: number): boolean {
    let inner = at + 1
    if (this.#tokens.kinds[inner] === K.open) {
      const after = this.#afterParentheses(inner)
      const kind = this.#tokens.kinds[after]
      const options =
        after < this.#to && (kind === K.open || (kind === K.word && explainable.has(nameOf(this.#tokens, after))))
      if (options) inner = after
    } else {
      if (this.#isAny(inner, 'analyze', 'analyse')) inner += 1
      if (this.#is(inner, 'verbose')) inner += 1
    }
    if (inner >= this.#to || this.#tokens.kinds[inner] !== K.word) return true
    const keyword = nameOf(this.#tokens, inner)
    return explainable.has(keyword) ? this.#dispatch(keyword, inner) : true
  }

  /** A remark on `select … for update` as a statement of its own: the lock is gone when the statement ends. */
  #rowLocks(at: number): void {
    let lock = -1
    for (let i = at; i < this.#to; i += 1) {
      if (this.#tokens.kinds[i] !== K.word) continue
      if (lock < 0 && this.#is(i, 'for')) {
        const strength = this.#is(i + 1, 'no') || this.#is(i + 1, 'key') ? i + 2 : i + 1
        const end = this.#is(strength, 'key') ? strength + 1 : strength
        if (this.#isAny(end, 'update', 'share')) {
          lock = i
          i = end
        }
      } else if (this.#isAny(i, 'insert', 'update', 'delete', 'merge')) return
    }
    if (lock >= 0) this.#add('select for update', lock, lock + 1)
  }

  // ── DDL ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #create(at: number): boolean {
    const replace = this.#is(at + 1, 'or') && this.#is(at + 2, 'replace')
    let i = replace ? at + 3 : at + 1
    if (startsRoutine(this.#tokens, at)) {
      // The body and the defaults run when the routine is called, not now.
      this.#temporaryReferences()
      return false
    }
    if (this.#is(i, 'schema')) {
      this.#schemaElements(i)
      return false
    }
    if (this.#isAny(i, 'local', 'global')) i += 1
    if (this.#isAny(i, 'temp', 'temporary')) {
      const table = this.#is(i + 1, 'table')
      this.#add(table && this.#dropsOnCommit(i) ? 'temporary table on commit drop' : 'temporary object', i, i + 1)
      this.#temporarySchema = this.#createdSchema(this.#is(i + 1, 'recursive') ? i + 2 : i + 1)
      if (table) this.#asExecute(i)
      return true
    }
    if (this.#is(i, 'unlogged')) i += 1
    if (this.#is(i, 'table')) {
      const schema = this.#createdSchema(i)
      if (this.#temporaryAt(schema, this.#dropsOnCommit(i))) this.#temporarySchema = schema
      this.#asExecute(i)
      return true
    }
    if (this.#isAny(i, 'database', 'tablespace')) this.#add('no transaction', at, i)
    else if (this.#is(i, 'subscription')) this.#subscription(at, i, 'connect', 'create_slot')
    else {
      const index = this.#is(i, 'unique') ? i + 1 : i
      if (this.#is(index, 'index') && this.#is(index + 1, 'concurrently')) this.#add('no transaction', at, index + 1)
    }
    return true
  }

  /** `create schema s create table … create view …`: each element is a statement of its own. */
  #schemaElements(at: number): void {
    let from = this.#find(at, 'create')
    while (from >= 0) {
      const next = this.#find(from + 1, 'create')
      const element = new StatementReader(this.#tokens, from, next < 0 ? this.#to : next)
      element.read()
      this.reasons.push(...element.reasons)
      if (element.command !== 'other') this.command = element.command
      from = next
    }
  }

  /** The schema in the name after `table | view | sequence [if not exists]` at `at`; -1 when there is none. */
  #createdSchema(at: number): number {
    const exists = this.#is(at + 1, 'if') && this.#is(at + 2, 'not') && this.#is(at + 3, 'exists')
    let schema = -1
    let name = exists ? at + 4 : at + 1
    // `database.schema.name`
    for (let dot = this.#dotAfter(name); dot > 0; dot = this.#dotAfter(name)) {
      schema = name
      name = dot + 1
    }
    return schema
  }

  /** The dot that follows the name at `at`, or 0. */
  #dotAfter(at: number): number {
    if (at >= this.#to || !isName(this.#tokens, at)) return 0
    const after = at + nameLength(this.#tokens, at)
    return after < this.#to && this.#tokens.kinds[after] === K.dot ? after : 0
  }

  /** Reports the name at `at` if it is the temporary schema. */
  #temporaryAt(at: number, dropsOnCommit = false): boolean {
    if (at < 0 || at >= this.#to || !isName(this.#tokens, at) || !isTemporarySchema(nameOf(this.#tokens, at)))
      return false
    this.#add(dropsOnCommit ? 'temporary table on commit drop' : 'temporary object', at)
    return true
  }

  /** Whether `on commit drop` stands before the query of `create table … as`. */
  #dropsOnCommit(at: number): boolean {
    const as = this.#find(at, 'as')
    const end = as < 0 ? this.#to : as
    for (let i = this.#find(at, 'on'); i >= 0 && i < end; i = this.#find(i + 1, 'on')) {
      if (this.#is(i + 1, 'commit') && this.#is(i + 2, 'drop')) return true
    }
    return false
  }

  /** `create table … as execute`. */
  #asExecute(at: number): void {
    const as = this.#find(at, 'as')
    if (as >= 0 && this.#is(as + 1, 'execute')) this.#add('execute', as + 1)
  }

  /** Subscriptions connect at once, which no transaction may, unless one of these options is given. */
  #subscription(at: number, last: number, ...options: string[]): void {
    const list = this.#tokens.kinds.indexOf(K.open, last)
    if (list >= 0 && list < this.#to) {
      for (let i = list + 1; i < this.#to; i += 1) {
        const before = this.#tokens.kinds[i - 1]
        if ((before === K.open || before === K.comma) && this.#isAny(i, ...options)) return
      }
    }
    this.#add('no transaction', at, last)
  }

  #alter(at: number): boolean {
    const tokens = this.#tokens
    if (this.#is(at + 1, 'system')) this.#add('no transaction', at, at + 1)
    else if (this.#is(at + 1, 'database')) {
      const action = at + 2 + nameLength(tokens, at + 2)
      const moves = this.#is(action, 'set')
        ? this.#is(action + 1, 'tablespace') && !this.#isAssignment(action + 2)
        : this.#isNamedBetween(action, this.#to, 'tablespace')
      if (moves) this.#add('no transaction', at, at + 1)
      else if (this.#isAny(action, 'set', 'reset')) this.#add('alter role set', at, at + 1)
    } else if (this.#isAny(at + 1, 'role', 'user')) {
      let set = at + 2 + nameLength(tokens, at + 2)
      if (this.#is(set, 'in') && this.#is(set + 1, 'database')) set += 2 + nameLength(tokens, set + 2)
      if (this.#isAny(set, 'set', 'reset')) this.#add('alter role set', at, at + 1)
    } else if (this.#is(at + 1, 'table')) {
      const detach = this.#find(at, 'detach')
      if (detach >= 0 && this.#is(detach + 1, 'partition') && this.#is(this.#to - 1, 'concurrently')) {
        this.#add('no transaction', at, at + 1)
      }
    } else if (this.#is(at + 1, 'subscription')) {
      const action = at + 2 + nameLength(tokens, at + 2)
      if (this.#is(action, 'refresh')) this.#add('no transaction', at, action)
      else if (this.#isAny(action, 'set', 'add', 'drop') && this.#is(action + 1, 'publication')) {
        this.#subscription(at, action + 1, 'refresh')
      }
    } else if (this.#isAny(at + 1, 'function', 'procedure', 'routine', 'aggregate', 'extension')) {
      this.#temporaryReferences()
      return false
    }
    return true
  }

  #drop(at: number): void {
    if (this.#isAny(at + 1, 'database', 'tablespace', 'subscription')) this.#add('no transaction', at, at + 1)
    else if (this.#is(at + 1, 'index') && this.#is(at + 2, 'concurrently')) this.#add('no transaction', at, at + 2)
  }

  #reindex(at: number): void {
    let i = at + 1
    let concurrently = false
    if (this.#tokens.kinds[i] === K.open) {
      const after = this.#afterParentheses(i)
      for (; i < after; i += 1) {
        if (this.#isNamedBetween(i, i + 1, 'concurrently')) concurrently = !this.#isAny(i + 1, 'false', 'off')
      }
    }
    if (this.#isAny(i, 'schema', 'database', 'system')) concurrently = true
    if (concurrently || this.#is(i + 1, 'concurrently')) this.#add('no transaction', at, i)
  }

  #cluster(at: number): void {
    let i = at + 1
    if (this.#tokens.kinds[i] === K.open) i = this.#afterParentheses(i)
    else if (this.#is(i, 'verbose')) i += 1
    if (i >= this.#to) this.#add('no transaction', at)
  }

  /** Names in the temporary schema, in statements that are not searched for calls. */
  #temporaryReferences(): void {
    for (let i = this.#from; i < this.#to; i += 1) {
      if (this.#dotAfter(i) > 0) this.#temporaryAt(i)
    }
  }
}

const emptyString = /^(?:(?:[en]|u&)?''|(\$[^$]*\$)\1)$/i

const explainable = new Set(
  'select insert update delete merge values table with declare create refresh execute'.split(' '),
)
