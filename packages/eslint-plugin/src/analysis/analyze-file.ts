import { catalogue } from '@pooler-safe/hazards'
import { builderOperations, type BuilderOperation } from './builders.ts'
import { codeFindings } from './code-findings.ts'
import { connectHookAround } from './connect-hooks.ts'
import { allows, coverage, readDirectives, type BrokenDirective, type Comment, type Directive } from './directives.ts'
import { nameOf, walk, type Node, type VisitorKeys } from './estree.ts'
import { ruleNames, type Finding } from './finding.ts'
import type { Host } from './host.ts'
import { loose, looseInSource } from './loose.ts'
import { mayHoldOperations, mayMatter } from './may-matter.ts'
import { engineOfFile } from './engine-of-file.ts'
import { OperationFinder } from './operations.ts'
import type { Engine, Operation } from './operation.ts'
import { Receivers } from './receivers.ts'
import { Names, type ScopeManager } from './scope.ts'
import { matchesGlob, tracksNames, type Settings } from './settings.ts'
import { sqlFindings } from './sql-findings.ts'
import { StaticSql } from './static-sql.ts'
import { holdsTests } from './test-files.ts'
import { hasConfigType, typedConfigFindings } from './typed-configs.ts'
import { nameOfCall } from './call-names.ts'
import { transactionFindings } from './transaction-findings.ts'
import { transactionCallback, Transactions, type Context, type TransactionCallback } from './transactions.ts'

/** One file to analyse. */
export interface AnalysisInput {
  /** Path of the file, from the root of the project or absolute. */
  readonly path: string
  readonly source: string
  /** The ESTree `Program`, with `parent` and `range` on its nodes. */
  readonly program: Node
  readonly scopeManager: ScopeManager
  readonly comments: readonly Comment[]
  readonly visitorKeys?: VisitorKeys
  readonly settings?: Settings
  readonly host?: Host
  /** Ask the grammar about every text, also those that the tokens call harmless. */
  readonly always?: boolean
}

/** An operation, and where it runs. */
export interface AnalysedOperation extends Operation {
  readonly context: Context
}

/** What the analysis of a file found. */
export interface FileAnalysis {
  readonly operations: readonly AnalysedOperation[]
  /** In source order; those that a directive allows are in `allowed`. */
  readonly findings: readonly Finding[]
  readonly allowed: readonly { readonly finding: Finding; readonly directive: Directive }[]
  readonly directives: readonly Directive[]
  readonly broken: readonly BrokenDirective[]
  readonly engine: Engine
  /** What query builders and ORMs run; looked for with `always` only. */
  readonly builders: readonly BuilderOperation[]
}

const empty: FileAnalysis = {
  operations: [],
  findings: [],
  allowed: [],
  directives: [],
  broken: [],
  engine: 'none',
  builders: [],
}

const allRules: ReadonlySet<string> = new Set(ruleNames)
const allHazards: ReadonlySet<string> = new Set(catalogue.map((entry) => entry.id))

/** Finds the database operations of a file, and what is wrong with them behind a transaction-mode pooler. */
export function analyzeFile(input: AnalysisInput): FileAnalysis {
  const { path, source, program, settings = {}, host = {} } = input
  const { always = false } = input
  // An inventory looks at more files than the rules; what is wrong with them is the same for both.
  const isJudged = mayMatter(source, settings, host.declarationOf !== undefined)
  if (!isJudged && !(always && mayHoldOperations(source, settings, host))) return empty
  const hasDirective = input.comments.some(({ value }) => value.includes('pooler-safe'))
  const wanted = {
    texts: looseInSource.test(source),
    coverable: hasDirective,
    objects: hasConfigType.test(source),
  }
  const { calls, functions, texts, objects, coverable, imports } = collect(program, input.visitorKeys, wanted)
  const names = new Names(input.scopeManager)
  const sql = new StaticSql(source, names)
  const receivers = new Receivers(names, sql, settings, host)
  const engine = engineOfFile({ path, imports, settings, host })
  const finder = new OperationFinder({ names, sql, receivers, settings, host, engine, always })
  finder.find(calls)
  const { operations } = finder

  const callbacks = functions
    .map((node) => transactionCallback(node, names, receivers))
    .filter((found): found is TransactionCallback => found !== undefined)
  const transactions = new Transactions(operations, callbacks, names)
  const located = operations.map((operation) => ({ ...operation, context: transactions.contextOf(operation) }))

  let isTest: boolean | undefined
  const facts = {
    ...{ source, names, sql, receivers, settings, engine, transactions },
    isTest: () => (isTest ??= holdsTests(imports, calls, names)),
  }
  let findings: Finding[] = []
  const isSessionMode = matchesGlob(settings.sessionMode?.files, path)
  for (const operation of located) {
    const hook = connectHookAround(operation.node, receivers)
    for (const text of operation.texts) {
      for (const found of sqlFindings(operation, text, hook ? 'unknown' : operation.context, settings)) {
        const isState = found.rule === 'no-session-state' || found.rule === 'no-unscoped-local'
        findings.push(hook && isState ? inHook(found) : found)
      }
    }
    findings.push(...rawFindings(operation, path, settings, host))
  }
  findings.push(...codeFindings(calls, operations, facts), ...typedConfigFindings(objects, facts))
  findings.push(...transactionFindings(calls, operations, callbacks, facts))
  if (engine !== 'foreign') findings.push(...loose(texts, sql))
  if (tracksNames(settings)) findings = findings.filter((found) => found.hazard !== 'named-parse')
  if (isSessionMode) findings = findings.filter((found) => !sessionModeRules.has(found.rule))
  if (matchesGlob(settings.foreign, path) || !isJudged) findings = []

  const { directives, broken } = readDirectives(
    input.comments,
    new Set([...allRules, ...allHazards]),
    coverage(program, source, coverable),
  )
  const allowed: { finding: Finding; directive: Directive }[] = []
  const remaining = unique(findings).filter((finding) => {
    const directive = directives.find((item) => allows(item, finding.rule, finding.range))
    if (!directive) return true
    directive.used = true
    allowed.push({ finding, directive })
    return false
  })
  const run = new Set(operations.map(({ node }) => node))
  const builders =
    always && engine !== 'foreign'
      ? builderOperations(calls, (node) => run.has(node), { names, receivers, sql, host, imports })
      : []
  return { operations: located, findings: remaining, allowed, directives, broken, engine, builders }
}

/** What a file with client connections past the pooler may do. */
const sessionModeRules: ReadonlySet<string> = new Set([
  'no-session-state',
  'no-session-lock',
  'no-session-object',
  'no-listen',
  'no-named-statement',
  'no-connect-hook-state',
  'no-startup-parameters',
  'no-hazard-in-body',
])

interface Collected {
  readonly calls: readonly Node[]
  readonly functions: readonly Node[]
  /** Strings and templates. */
  readonly texts: readonly Node[]
  readonly objects: readonly Node[]
  readonly coverable: readonly Node[]
  readonly imports: ReadonlySet<string>
}

interface Wanted {
  readonly texts: boolean
  readonly objects: boolean
  readonly coverable: boolean
}

const covered = new Set(['PropertyDefinition', 'MethodDefinition', 'Property', 'VariableDeclarator'])

function collect(program: Node, visitorKeys: VisitorKeys | undefined, wanted: Wanted): Collected {
  const calls: Node[] = []
  const functions: Node[] = []
  const texts: Node[] = []
  const objects: Node[] = []
  const coverable: Node[] = []
  const imports = new Set<string>()
  walk(
    program,
    (node) => {
      switch (node.type) {
        case 'CallExpression':
          if (nameOf(node.callee) === 'require') addName(imports, node.arguments?.[0])
          calls.push(node)
          break
        case 'NewExpression':
        case 'TaggedTemplateExpression':
          calls.push(node)
          break
        case 'ImportExpression':
        case 'ImportDeclaration':
          addName(imports, node.source)
          break
        case 'FunctionExpression':
        case 'ArrowFunctionExpression':
          functions.push(node)
          break
        case 'ObjectExpression':
          if (wanted.objects) objects.push(node)
          break
        case 'Literal':
        case 'TemplateLiteral':
          if (wanted.texts) texts.push(node)
          break
      }
      if (wanted.coverable && (covered.has(node.type) || /(?:Statement|Declaration)$/.test(node.type))) {
        coverable.push(node)
      }
    },
    visitorKeys,
  )
  return { calls, functions, texts, objects, coverable, imports }
}

function addName(imports: Set<string>, node: Node | null | undefined): void {
  const name = nameOf(node)
  if (name !== undefined) imports.add(name)
}

/** State that is set whenever a client connection is made. */
function inHook({ certain, range, subject, operation }: Finding): Finding {
  const found = { rule: 'no-connect-hook-state', hazard: 'on-connect-setup', subject, range, certain } as const
  return operation ? { ...found, operation } : found
}

/** Calls that go past the wrapper, and SQL that is put together elsewhere. */
function rawFindings(operation: AnalysedOperation, path: string, settings: Settings, host: Host): readonly Finding[] {
  const { driver, node, receiver, texts } = operation
  const findings: Finding[] = []
  const place = node.type === 'TaggedTemplateExpression' ? (node.tag ?? node) : (node.callee ?? node)
  const isKnown = driver !== 'unknown' && driver !== 'pooler-safe'
  if (isKnown && texts.length === 0 && driver !== 'kysely' && isDynamic(operation) && !operation.passesOn) {
    findings.push({
      rule: 'no-unresolved-sql',
      hazard: 'hidden-in-routine',
      subject: nameOfCall(node),
      range: operation.sqlNode.range[0] >= node.range[0] ? operation.sqlNode.range : place.range,
      operation,
      certain: true,
    })
  }
  const isActive = (settings.wrapper?.length ?? 0) > 0 || host.dependencies?.has('pooler-safe') === true
  const isMigration = driver === 'node-pg-migrate' || operation.method === 'addSql' || operation.method === 'runSql'
  if (
    isActive &&
    !isMigration &&
    receiver?.role !== 'direct' &&
    driver !== 'pooler-safe' &&
    !matchesGlob(settings.wrapper, path)
  ) {
    findings.push({
      rule: 'no-raw-execute',
      subject: nameOfCall(node),
      range: place.range,
      operation,
      certain: isKnown,
      variant: isKnown ? 'driver' : 'unknown',
    })
  }
  return findings
}

/** Whether the SQL is text of unknown origin; builders and statement objects are somebody else's. */
function isDynamic({ sqlNode }: Operation): boolean {
  return /^(?:Identifier|MemberExpression|TemplateLiteral|BinaryExpression)$/.test(sqlNode.type)
}

/** One finding for each place and rule, in source order. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>()
  return [...findings]
    .sort((a, b) => a.range[0] - b.range[0] || a.range[1] - b.range[1])
    .filter((finding) => {
      const key = `${finding.rule}:${String(finding.range[0])}`
      return seen.has(key) ? false : Boolean(seen.add(key))
    })
}
