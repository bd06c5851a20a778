import { createRequire } from 'node:module'
import type * as kit from '@eslint/plugin-kit'
import { analyzeSql } from '@pooler-safe/hazards'
import { SqlSyntaxError, parseSql } from '@pooler-safe/sql-grammar'

/** A statement, as a node. */
interface SqlStatement {
  readonly type: 'SqlStatement'
  readonly range: [number, number]
  readonly loc: Location
}

/** A file of SQL, as a tree. */
interface SqlFile {
  readonly type: 'SqlFile'
  readonly range: [number, number]
  readonly loc: Location
  readonly body: readonly SqlStatement[]
}

interface Position {
  readonly line: number
  readonly column: number
}

interface Location {
  readonly start: Position
  readonly end: Position
}

interface File {
  readonly body: string | Uint8Array
}

/** Every source code that was made of a file of SQL. */
const sqlSources = new WeakSet()

let sourceCodeClass: ReturnType<typeof makeSourceCode> | undefined

/** What ESLint builds languages from is loaded with the first file of SQL, so that all others start without it. */
function makeSourceCode() {
  const { TextSourceCodeBase, VisitNodeStep } = createRequire(import.meta.url)('@eslint/plugin-kit') as typeof kit
  return class SqlSourceCode extends TextSourceCodeBase {
    // Rules ask every source code for these.
    readonly parserServices = {}
    readonly visitorKeys = { SqlFile: ['body'], SqlStatement: [] }
    readonly #steps: kit.VisitNodeStep[]

    constructor(text: string, ast: SqlFile) {
      super({ text, ast })
      sqlSources.add(this)
      const nodes: readonly (SqlFile | SqlStatement)[] = ast.body
      this.#steps = [
        new VisitNodeStep({ target: ast, phase: 1, args: [ast] }),
        ...nodes.flatMap((node) =>
          [1, 2].map((phase) => new VisitNodeStep({ target: node, phase: phase as 1 | 2, args: [node, ast] })),
        ),
        new VisitNodeStep({ target: ast, phase: 2, args: [ast] }),
      ]
    }

    override traverse(): kit.VisitNodeStep[] {
      return this.#steps
    }

    getAllComments(): readonly never[] {
      return []
    }
  }
}

/**
 * Files of SQL as a language of ESLint, which the preset `sql` turns on.
 *
 * With the option `syntax: 'strict'` a file that PostgreSQL's grammar refuses is an error; by default such a file (one
 * for psql, or for another database) is judged statement by statement.
 */
export const sqlLanguage = {
  fileType: 'text' as const,
  lineStart: 1 as const,
  columnStart: 0 as const,
  nodeTypeKey: 'type',
  visitorKeys: { SqlFile: ['body'], SqlStatement: [] },
  defaultLanguageOptions: { syntax: 'lenient' },

  validateLanguageOptions(options: Readonly<Record<string, unknown>>): void {
    const { syntax } = options
    if (syntax !== undefined && syntax !== 'lenient' && syntax !== 'strict') {
      throw new TypeError(`languageOptions.syntax has to be 'lenient' or 'strict'.`)
    }
  },

  parse(file: File, context?: { readonly languageOptions?: Readonly<Record<string, unknown>> }) {
    const text = typeof file.body === 'string' ? file.body : new TextDecoder().decode(file.body)
    const locationOf = locations(text)
    if (context?.languageOptions?.['syntax'] === 'strict') {
      try {
        parseSql(text)
      } catch (error) {
        if (!(error instanceof SqlSyntaxError)) throw error
        const { column, line } = locationOf(error.offset)
        return { ok: false as const, errors: [{ message: error.message, line, column }] }
      }
    }
    const nodeAt = (start: number, end: number) => ({
      range: [start, end] as [number, number],
      loc: { start: locationOf(start), end: locationOf(end) },
    })
    const body = analyzeSql(text).statements.map(({ end, start }): SqlStatement => ({
      type: 'SqlStatement',
      ...nodeAt(start, end),
    }))
    return { ok: true as const, ast: { type: 'SqlFile', ...nodeAt(0, text.length), body } satisfies SqlFile }
  },

  createSourceCode(file: File, result: { readonly ast: SqlFile }) {
    const text = typeof file.body === 'string' ? file.body : new TextDecoder().decode(file.body)
    const SqlSourceCode = (sourceCodeClass ??= makeSourceCode())
    return new SqlSourceCode(text, result.ast)
  },
}

function locations(text: string): (offset: number) => Position {
  const starts = [0]
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) }
  }
}

/** Whether the source is a file of SQL, and not of JavaScript. */
export function isSqlSource(sourceCode: object): boolean {
  return sqlSources.has(sourceCode)
}
