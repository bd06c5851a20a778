import {
  dangerOf,
  functionRules,
  identitySettings,
  isMilder,
  isTemporarySchema,
  sessionSettingKind,
  statementRules,
  type ArgumentRule,
  type StatementKind,
} from '@pooler-safe/hazards/sql-table'
import type { Command, HazardId, Verdict } from '@pooler-safe/hazards'
import { child, isNode, list, namesOf, onlyChild, stringOf, text, visitTree, type TreeNode } from './tree.ts'

/** What the tree says about a statement, before it has a place in the text. */
export interface Fact {
  readonly hazard: HazardId
  readonly verdict: Verdict
  readonly subject: string
  /** Where the name is qualified from, in UTF-8 bytes; absent when the tree does not say. */
  readonly bytes?: number
}

/** What the tree says about one statement. */
export interface StatementFacts {
  readonly command: Command
  readonly facts: readonly Fact[]
}

/** Lists of the tree that hold the parts of one qualified name. */
const nameLists = new Set(
  (
    'funcname names fields objname defnames domainname typeName name items collname opfamilyname opclassname ' +
    'conversion_name func_name plhandler plinline plvalidator dictname cfgname useOp operClass opclass'
  ).split(' '),
)

/** Reads the hazards of one parsed statement from its tree; the table is the one of the token level. */
export function factsOf(type: string, node: TreeNode): StatementFacts {
  const reader = new FactReader()
  reader.statement(type, node)
  return { command: reader.command, facts: reader.facts }
}

class FactReader {
  command: Command = 'other'
  readonly facts: Fact[] = []

  #add(kind: StatementKind, subject: string, bytes?: unknown): void {
    const { hazard, verdict, command } = statementRules[kind]
    if (command !== 'other') this.command = command
    this.#push({ hazard, verdict, subject }, bytes)
  }

  #push(fact: Fact, bytes?: unknown): void {
    this.facts.push(typeof bytes === 'number' ? { ...fact, bytes } : fact)
  }

  statement(type: string, node: TreeNode): void {
    switch (type) {
      case 'VariableSetStmt':
        this.#set(node)
        return
      case 'ConstraintsSetStmt':
        this.#add('set constraints', 'constraints')
        return
      case 'DiscardStmt':
        this.#discard(node)
        return
      case 'LoadStmt':
        this.#add('load', 'load')
        return
      case 'PrepareStmt':
        this.#add('prepare', 'prepare')
        break
      case 'ExecuteStmt':
        this.#add('execute', 'execute')
        break
      case 'DeallocateStmt':
        this.#add(node['isall'] === true ? 'deallocate all' : 'deallocate', 'deallocate')
        return
      case 'ListenStmt':
        this.#add('listen', 'listen')
        return
      case 'UnlistenStmt':
        this.#add('unlisten', 'unlisten')
        return
      case 'DeclareCursorStmt':
        // CURSOR_OPT_HOLD
        this.#add((Number(node['options'] ?? 0) & 0x20) !== 0 ? 'declare with hold' : 'declare', 'declare')
        break
      case 'FetchStmt':
      case 'ClosePortalStmt':
        this.#add('use cursor', 'cursor')
        return
      case 'LockStmt':
        this.#add('lock', 'lock')
        break
      case 'TransactionStmt':
        this.#transaction(node)
        return
      case 'DoStmt':
        this.#add('do', 'do')
        return
      case 'CallStmt':
        this.#add('call', 'call')
        this.#call(child(node, 'funccall') ?? {})
        break
      case 'ExplainStmt': {
        const [innerType, inner] = onlyChild(node['query'])
        if (inner) this.statement(innerType, inner)
        return
      }
      case 'CopyStmt':
        if (text(node, 'filename') === undefined && node['is_program'] !== true) {
          this.#add(node['is_from'] === true ? 'copy in' : 'copy out', 'copy')
        }
        break
      case 'CreateFunctionStmt':
        this.#routine(node)
        return
      case 'CreateSchemaStmt':
        for (const element of list(node, 'schemaElts')) {
          const [innerType, inner] = onlyChild(element)
          if (inner) this.statement(innerType, inner)
        }
        return
      case 'CreateStmt':
        this.#createTable(child(node, 'relation'), text(node, 'oncommit'))
        break
      case 'CreateTableAsStmt': {
        const into = child(node, 'into')
        this.#createTable(child(into, 'rel'), text(into, 'onCommit'))
        const [queryType] = onlyChild(node['query'])
        if (queryType === 'ExecuteStmt') this.#add('execute', 'execute')
        break
      }
      case 'SelectStmt':
        this.#rowLocks(node)
        break
      case 'AlterRoleSetStmt':
      case 'AlterDatabaseSetStmt':
        this.#add('alter role set', 'alter')
        return
      default:
        if (runsOutsideTransactions(type, node)) this.#add('no transaction', 'statement')
    }
    this.#expressions(node)
  }

  #set(node: TreeNode): void {
    const name = (text(node, 'name') ?? '').toLowerCase()
    const local = node['is_local'] === true
    const kind = text(node, 'kind')
    if (kind === 'VAR_RESET_ALL') {
      this.#add('reset', 'all')
    } else if (kind === 'VAR_RESET') {
      this.#add(sessionSettingKind(name, true), name)
    } else if (kind === 'VAR_SET_MULTI') {
      if (name === 'transaction snapshot') this.#add('set transaction snapshot', name)
      else if (name === 'transaction') this.#add('set transaction', name)
      else this.#add(local ? 'set local' : 'set session characteristics', name)
    } else {
      this.#add(local ? 'set local' : sessionSettingKind(name, false), name)
      const danger = dangerOf(name, local)
      if (danger) this.#push({ ...danger, subject: name })
    }
  }

  #discard(node: TreeNode): void {
    const kinds: Readonly<Record<string, StatementKind>> = {
      DISCARD_PLANS: 'discard plans',
      DISCARD_TEMP: 'discard temp',
      DISCARD_SEQUENCES: 'discard sequences',
    }
    this.#add(kinds[text(node, 'target') ?? ''] ?? 'discard all', 'discard')
  }

  #transaction(node: TreeNode): void {
    const chain = node['chain'] === true
    const kinds: Readonly<Record<string, StatementKind>> = {
      TRANS_STMT_BEGIN: 'begin',
      TRANS_STMT_START: 'begin',
      TRANS_STMT_COMMIT: chain ? 'commit and chain' : 'commit',
      TRANS_STMT_ROLLBACK: chain ? 'rollback and chain' : 'rollback',
      TRANS_STMT_SAVEPOINT: 'savepoint',
      TRANS_STMT_RELEASE: 'release',
      TRANS_STMT_ROLLBACK_TO: 'rollback to',
      TRANS_STMT_PREPARE: 'prepare transaction',
      TRANS_STMT_COMMIT_PREPARED: 'commit prepared',
      TRANS_STMT_ROLLBACK_PREPARED: 'rollback prepared',
    }
    const kind = kinds[text(node, 'kind') ?? '']
    if (kind) this.#add(kind, kind)
  }

  /** A routine's body and defaults run later; only a home in the temporary schema matters now. */
  #routine(node: TreeNode): void {
    visitTree(
      { ...node, sql_body: undefined },
      {
        node: (_type, inner) => {
          this.#temporaryRelation(inner)
          return true
        },
        list: (field, items) => this.#temporaryNames(node, field, items),
      },
    )
  }

  #created: TreeNode | undefined

  #createTable(relation: TreeNode | undefined, onCommit: string | undefined): void {
    if (!relation || !isTemporary(relation)) return
    this.#created = relation
    this.#add(
      onCommit === 'ONCOMMIT_DROP' ? 'temporary table on commit drop' : 'temporary object',
      text(relation, 'relname') ?? '',
    )
  }

  #rowLocks(select: TreeNode): void {
    let locks = list(select, 'lockingClause').length > 0
    const writing: string[] = []
    visitTree(select, {
      node: (type, node) => {
        if (/^(?:Insert|Update|Delete|Merge)Stmt$/.test(type)) writing.push(type)
        if (type === 'SelectStmt' && list(node, 'lockingClause').length > 0) locks = true
        return true
      },
      list: () => undefined,
    })
    if (locks && writing.length === 0) this.#add('select for update', 'for update')
  }

  /** What can stand anywhere: calls, names in the temporary schema, `into temp`, `where current of`. */
  #expressions(root: TreeNode): void {
    visitTree(root, {
      node: (type, node) => {
        if (type === 'FuncCall') this.#call(node)
        else if (type === 'CurrentOfExpr') this.#add('use cursor', 'current of')
        else this.#temporaryRelation(node)
        return true
      },
      list: (field, items) => this.#temporaryNames(root, field, items),
    })
  }

  #temporaryRelation(node: TreeNode): void {
    if (node === this.#created || typeof node['relname'] !== 'string' || !isTemporary(node)) return
    // Of a temporary object being created, the text's `temp` is at fault, not its name.
    if (node['relpersistence'] === 't') this.#add('temporary object', node['relname'])
    else this.#add('temporary object', text(node, 'schemaname') ?? '', node['location'])
  }

  #temporaryNames(root: TreeNode, field: string, items: readonly unknown[]): void {
    if (!nameLists.has(field) || items.length < 2) return
    for (const name of namesOf(field === 'items' ? qualifiersOf(root, items) : items.slice(0, -1))) {
      if (isTemporarySchema(name)) this.#add('temporary object', name)
    }
  }

  #call(call: TreeNode): void {
    const names = namesOf(list(call, 'funcname'))
    const name = names.at(-1) ?? ''
    const rule = functionRules.get(name)
    const schema = names.at(-2)
    if (!rule || (!rule.extension && schema !== undefined && schema !== 'pg_catalog')) return
    const args = list(call, 'args')
    if (rule.arity !== undefined && args.length !== rule.arity) return
    const { hazard, verdict, argument } = rule
    const location = call['location'] ?? 0
    if (!argument) {
      this.#push({ hazard, verdict, subject: name }, location)
      return
    }
    const milder = isMilder(argument, argumentValue(argument, args, call['func_variadic'] === true))
    const setting = name === 'set_config' ? settingOf(args)?.toLowerCase() : undefined
    if (!milder) {
      const identity = setting !== undefined && identitySettings.has(setting)
      this.#push({ hazard: identity ? 'set-role' : hazard, verdict, subject: name }, location)
    } else if (argument.milder.verdict !== 'safe') {
      this.#push({ ...argument.milder, subject: name }, location)
    }
    const danger = setting === undefined ? undefined : dangerOf(setting, milder)
    if (danger && setting !== undefined) this.#push({ ...danger, subject: setting }, location)
  }
}

/**
 * The parts of an object's name in a list that are not its last. Operator classes come with their access method in
 * front, what belongs to a table with its own name at the end.
 */
function qualifiersOf(root: TreeNode, items: readonly unknown[]): readonly unknown[] {
  const type = ['removeType', 'objtype', 'objectType', 'renameType']
    .map((field) => text(root, field))
    .find((value) => value)
  if (type === 'OBJECT_OPCLASS' || type === 'OBJECT_OPFAMILY') return items.slice(1, -1)
  if (/^OBJECT_(?:TRIGGER|RULE|POLICY|TABCONSTRAINT)$/.test(type ?? '')) return items.slice(0, -2)
  return items.slice(0, -1)
}

function isTemporary(relation: TreeNode): boolean {
  return relation['relpersistence'] === 't' || isTemporarySchema(text(relation, 'schemaname') ?? '')
}

/** What an argument of a call is, as a literal. */
function argumentValue(
  rule: ArgumentRule,
  args: readonly unknown[],
  variadic: boolean,
): 'absent' | 'true' | 'false' | 'other' {
  if (variadic) return 'other'
  let found: 'absent' | 'true' | 'false' | 'other' = 'absent'
  for (const [index, wrapper] of args.entries()) {
    const named = child(isNode(wrapper) ? wrapper : undefined, 'NamedArgExpr')
    if (named ? text(named, 'name') !== rule.name : index !== rule.index) continue
    if (found !== 'absent') return 'other'
    const value = named ? named['arg'] : wrapper
    const constant = child(child(isNode(value) ? value : undefined, 'A_Const'), 'boolval')
    // The tree leaves out fields that are false.
    found = constant ? (constant['boolval'] === true ? 'true' : 'false') : 'other'
  }
  return found
}

/** The setting that a call of `set_config` names as a string constant. */
function settingOf(args: readonly unknown[]): string | undefined {
  for (const [index, wrapper] of args.entries()) {
    const named = child(isNode(wrapper) ? wrapper : undefined, 'NamedArgExpr')
    if (named ? text(named, 'name') !== 'setting_name' : index !== 0) continue
    const value = named ? named['arg'] : wrapper
    return text(child(child(isNode(value) ? value : undefined, 'A_Const'), 'sval'), 'sval')
  }
  return undefined
}

/** Statements that PostgreSQL refuses inside a transaction block (`PreventInTransactionBlock`). */
function runsOutsideTransactions(type: string, node: TreeNode): boolean {
  switch (type) {
    case 'CreatedbStmt':
    case 'DropdbStmt':
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
    case 'AlterSystemStmt':
    case 'DropSubscriptionStmt':
      return true
    case 'VacuumStmt':
      return node['is_vacuumcmd'] === true
    case 'ClusterStmt':
      return child(node, 'relation') === undefined
    case 'IndexStmt':
      return node['concurrent'] === true
    case 'DropStmt':
      return node['removeType'] === 'OBJECT_INDEX' && node['concurrent'] === true
    case 'AlterDatabaseStmt':
      return option(node, 'tablespace') !== undefined
    case 'ReindexStmt': {
      if (/(?:SCHEMA|SYSTEM|DATABASE)$/.test(text(node, 'kind') ?? '')) return true
      const concurrently = list(node, 'params')
        .map((item) => definition(item))
        .findLast((item) => item.name === 'concurrently')
      return concurrently !== undefined && !/^(?:false|off)$/i.test(concurrently.value ?? '')
    }
    case 'AlterTableStmt':
      return list(node, 'cmds').some((wrapper) => {
        const [, command] = onlyChild(wrapper)
        return child(child(command, 'def'), 'PartitionCmd')?.['concurrent'] === true
      })
    case 'CreateSubscriptionStmt':
      return option(node, 'connect') === undefined && option(node, 'create_slot') === undefined
    case 'AlterSubscriptionStmt':
      if (node['kind'] === 'ALTER_SUBSCRIPTION_REFRESH') return true
      return /(?:SET|ADD|DROP)_PUBLICATION$/.test(text(node, 'kind') ?? '') && option(node, 'refresh') === undefined
    default:
      return false
  }
}

function definition(wrapper: unknown): { readonly name: string | undefined; readonly value: string | undefined } {
  const [, element] = onlyChild(wrapper)
  return { name: text(element, 'defname'), value: stringOf(element?.['arg']) }
}

function option(node: TreeNode, name: string): string | undefined {
  const found = list(node, 'options')
    .map(definition)
    .find((item) => item.name === name)
  return found && (found.value ?? '')
}
