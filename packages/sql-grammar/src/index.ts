export { analyzeTree, analyzeWithGrammar } from './analyze.ts'
export { fingerprint, GrammarUnavailable, longestText, SqlSyntaxError } from './engine.ts'
export { parseSql } from './tree.ts'
export type { ParsedStatement, ParseTree, TreeNode } from './tree.ts'
