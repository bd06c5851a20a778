import type { Linter, Rule, SourceCode } from 'eslint'
import { analyzeFile, type FileAnalysis } from './analysis/analyze-file.ts'
import { analyzeScript } from './analysis/analyze-script.ts'
import type { Node } from './analysis/estree.ts'
import type { Finding } from './analysis/finding.ts'
import { createProject } from './analysis/project.ts'
import { mayMatter } from './analysis/may-matter.ts'
import { readSettings, type Settings } from './analysis/settings.ts'
import { isSqlSource } from './sql-language.ts'
import { declarationsOf } from './type-information.ts'

/** What the rules share about one file. */
export interface SharedAnalysis extends Pick<FileAnalysis, 'findings' | 'directives' | 'broken'> {
  /** Set for files of SQL. */
  readonly isScript: boolean
}

/** SQL is resolved and parsed once for all rules. */
const cache = new WeakMap<object, SharedAnalysis>()
const project = createProject()

/** Whether a file is worth a listener, by its text alone. */
const worth = new WeakMap<object, boolean>()

/** Whether a rule has anything to look for in a file. Most files of most projects have no database operation. */
export function concerns(context: Rule.RuleContext): boolean {
  const { sourceCode } = context
  const known = worth.get(sourceCode)
  if (known !== undefined) return known
  const isTyped = declarationsOf(sourceCode) !== undefined
  const answer = isSqlSource(sourceCode) || mayMatter(sourceCode.text, settingsOf(context), isTyped)
  worth.set(sourceCode, answer)
  return answer
}

/** The analysis of the file that a rule looks at. */
export function analysisOf(context: Rule.RuleContext): SharedAnalysis {
  const { sourceCode } = context
  const known = cache.get(sourceCode)
  if (known) return known
  const analysis = analyse(context, sourceCode)
  cache.set(sourceCode, analysis)
  return analysis
}

function settingsOf(context: Rule.RuleContext): Settings {
  return readSettings((context.settings as Linter.BaseConfig['settings'])?.['pooler-safe'])
}

function analyse(context: Rule.RuleContext, sourceCode: SourceCode): SharedAnalysis {
  const settings = settingsOf(context)
  const path = context.filename
  if (isSqlSource(sourceCode)) {
    const { findings } = analyzeScript({ path, source: sourceCode.text, settings })
    return { findings, directives: [], broken: [], isScript: true }
  }
  const declarationOf = declarationsOf(sourceCode)
  const host = project.hostFor(path, settings)
  const { findings, directives, broken } = analyzeFile({
    path,
    source: sourceCode.text,
    program: sourceCode.ast as unknown as Node,
    scopeManager: sourceCode.scopeManager,
    comments: sourceCode.getAllComments(),
    visitorKeys: sourceCode.visitorKeys,
    settings,
    host: declarationOf ? Object.defineProperties({ declarationOf }, Object.getOwnPropertyDescriptors(host)) : host,
  })
  return { findings, directives, broken, isScript: false }
}

/** The findings that belong to a rule. */
export function findingsOf(context: Rule.RuleContext, rule: Finding['rule']): readonly Finding[] {
  return analysisOf(context).findings.filter((finding) => finding.rule === rule)
}
