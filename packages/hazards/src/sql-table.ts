/**
 * What `@pooler-safe/sql-grammar` shares with the token level: the table and the lexer. Internal to the workspace; not
 * covered by semantic versioning.
 */
export { analyzeTokens, unreadable } from './sql/analyze.ts'
export { dangerOf, isMilder } from './sql/calls.ts'
export {
  isKeyword,
  isName,
  nameLength,
  nameOf,
  plainStringValue,
  tokenize,
  tokenKinds,
  tokenText,
} from './sql/lexer.ts'
export type { Tokens } from './sql/lexer.ts'
export { eachStatement, startsRoutine } from './sql/split.ts'
export { worstOf } from './sql/statement.ts'
export {
  dangerousSettings,
  functionRules,
  identitySettings,
  isTemporarySchema,
  sessionSettingKind,
  sqlSeverities,
  statementRules,
} from './sql/table.ts'
export type { ArgumentRule, FunctionRule, StatementKind, StatementRule } from './sql/table.ts'
