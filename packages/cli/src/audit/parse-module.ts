import { analyze } from '@typescript-eslint/scope-manager'
import { linkParents, type AnalysisInput, type Comment, type Node } from 'eslint-plugin-pooler-safe/analysis'
import { parseSync, visitorKeys } from 'oxc-parser'
import { isTooDeep } from './nesting.ts'

/** A module as the analysis takes it. */
export type ParsedModule = Pick<AnalysisInput, 'program' | 'scopeManager' | 'comments' | 'visitorKeys'>

/** The source is no JavaScript or TypeScript. */
export class ModuleSyntaxError extends Error {
  override readonly name = 'ModuleSyntaxError'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** Parses a file by its extension. Throws a `ModuleSyntaxError`. */
export function parseModule(path: string, source: string): ParsedModule {
  if (isTooDeep(source)) throw new ModuleSyntaxError('It nests too deep.', 0)
  const attempts = attemptsFor(path)
  let failure: ModuleSyntaxError | undefined
  for (const lang of attempts) {
    const result = parse(path, source, lang)
    if (!(result instanceof ModuleSyntaxError)) return result
    failure ??= result
  }
  throw failure ?? new ModuleSyntaxError('The file could not be parsed.', 0)
}

type Language = 'jsx' | 'ts' | 'tsx'

/** JavaScript may hold JSX in any file, and types of Flow or TypeScript in those of some frameworks. */
function attemptsFor(path: string): readonly Language[] {
  if (path.endsWith('.tsx')) return ['tsx']
  if (/\.[cm]?ts$/.test(path)) return ['ts']
  return ['jsx', 'tsx']
}

function parse(path: string, source: string, lang: Language): ParsedModule | ModuleSyntaxError {
  const result = parseSync(path, source, {
    lang,
    sourceType: 'unambiguous',
    astType: 'ts',
    range: true,
    preserveParens: false,
  })
  const { errors, program } = result
  const [error] = errors
  // The parser goes on after mistakes that do not touch the structure (a `return` outside of a function).
  if (error && program.body.length === 0) {
    return new ModuleSyntaxError(error.message, error.labels[0]?.start ?? 0)
  }
  const root = program as unknown as Node
  linkParents(root, visitorKeys)
  return {
    program: root,
    // ESTree with TypeScript: the two agree on what the analysis of scopes looks at.
    scopeManager: analyze(program as unknown as Parameters<typeof analyze>[0], {
      sourceType: program.sourceType === 'module' ? 'module' : 'script',
      lib: [],
      childVisitorKeys: visitorKeys,
    }) as unknown as AnalysisInput['scopeManager'],
    comments: result.comments.map(({ type, value, start, end }): Comment => ({ type, value, range: [start, end] })),
    visitorKeys,
  }
}

/** How many mistakes the parser sees, names declared twice among them; infinitely many where it gives up. */
export function countSyntaxErrors(path: string, source: string): number {
  if (isTooDeep(source)) return Infinity
  const counts = attemptsFor(path).map((lang) => {
    const { errors, program } = parseSync(path, source, {
      lang,
      sourceType: 'unambiguous',
      astType: 'ts',
      showSemanticErrors: true,
    })
    return errors.length > 0 && program.body.length === 0 ? Infinity : errors.length
  })
  return Math.min(...counts)
}
