export { analyzeFile, type AnalysedOperation, type AnalysisInput, type FileAnalysis } from './analysis/analyze-file.ts'
export { analyzeScript, type ScriptAnalysis, type ScriptInput } from './analysis/analyze-script.ts'
export type { BuilderOperation } from './analysis/builders.ts'
export type { BrokenDirective, Comment, Directive } from './analysis/directives.ts'
export type { Driver, Role } from './analysis/drivers.ts'
export {
  functionAround,
  isFunction,
  isInside,
  isNode,
  linkParents,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  valueOfProperty,
  walk,
  type Node,
  type Range,
  type VisitorKeys,
} from './analysis/estree.ts'
export { ruleNames, type Edit, type Finding, type RuleName, type Suggestion } from './analysis/finding.ts'
export type { ReadSql } from './analysis/grammar.ts'
export type { Declared, Host } from './analysis/host.ts'
export { mayHoldOperations, mayMatter } from './analysis/may-matter.ts'
export { messageOf } from './analysis/message.ts'
export type { Engine, Operation } from './analysis/operation.ts'
export { createProject, type Project } from './analysis/project.ts'
export type { Receiver } from './analysis/receiver.ts'
export type { Reference, ScopeManager, Variable } from './analysis/scope.ts'
export {
  readSettings,
  SettingsError,
  type ExecutorSetting,
  type PoolerSetting,
  type Settings,
} from './analysis/settings.ts'
export type { Context } from './analysis/transactions.ts'
export { removalOf } from './analysis/unused-directive.ts'
