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
export { classifyError } from './errors/classify-error.ts'
export type { ErrorClassification, ErrorContext, ErrorOrigin, Outcome, Retry } from './errors/classification.ts'
export { poolers } from './poolers.ts'
export type { PoolerKey } from './poolers.ts'
export { catalogue, hazard, hazardDocsUrl } from './catalogue/catalogue.ts'
export type {
  Alternative,
  BehaviourOutcome,
  Detector,
  Evidence,
  Hazard,
  HazardText,
  PoolerBehaviour,
  PoolerName,
  Symptom,
} from './catalogue/entry.ts'
export { checkConfig } from './config/check-config.ts'
export { describeEndpoint } from './config/endpoint.ts'
export type { EndpointDescription, EndpointMode, Provider } from './config/endpoint.ts'
export type { ConfigDriver, ConfigFinding, ConfigPooler, ConfigProfile } from './config/profile.ts'
export { redactUrl } from './config/redact-url.ts'
