export { hazardGroups, hazardIds } from './hazard.ts'
export type { HazardCode, HazardGroup, HazardId, Severity } from './hazard.ts'
export { verdicts } from './sql/analysis.ts'
export type {
  AnalyzedStatement,
  Command,
  SqlAnalysis,
  SqlContext,
  SqlFinding,
  SqlFix,
  SqlReason,
  Verdict,
} from './sql/analysis.ts'
export { analyzeSql } from './sql/analyze.ts'
export { classifyAnalysis, classifySql } from './sql/classify.ts'
