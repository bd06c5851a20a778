import type { Rule } from 'eslint'
import type { RuleName } from './analysis/finding.ts'
import { noClientOnlyTimeout } from './rules/no-client-only-timeout.ts'
import { noConnectHookState } from './rules/no-connect-hook-state.ts'
import { noHazardInBody } from './rules/no-hazard-in-body.ts'
import { noIdleInTx } from './rules/no-idle-in-tx.ts'
import { noListen } from './rules/no-listen.ts'
import { noNamedStatement } from './rules/no-named-statement.ts'
import { noParallelInTx } from './rules/no-parallel-in-tx.ts'
import { noPoolTransaction } from './rules/no-pool-transaction.ts'
import { noQueryOutsideTx } from './rules/no-query-outside-tx.ts'
import { noRawExecute } from './rules/no-raw-execute.ts'
import { noResetInFinally } from './rules/no-reset-in-finally.ts'
import { noSessionLock } from './rules/no-session-lock.ts'
import { noSessionObject } from './rules/no-session-object.ts'
import { noSessionState } from './rules/no-session-state.ts'
import { noStartupParameters } from './rules/no-startup-parameters.ts'
import { noUnresolvedSql } from './rules/no-unresolved-sql.ts'
import { noUnscopedLocal } from './rules/no-unscoped-local.ts'
import { requireCommitCheck } from './rules/require-commit-check.ts'
import { requireDirective } from './rules/require-directive.ts'
import { requirePoolErrorHandler } from './rules/require-pool-error-handler.ts'
import { requirePoolerConfig } from './rules/require-pooler-config.ts'

/** The rules of the plugin. */
export const rules: Readonly<Record<RuleName, Rule.RuleModule>> = {
  'no-client-only-timeout': noClientOnlyTimeout,
  'no-connect-hook-state': noConnectHookState,
  'no-hazard-in-body': noHazardInBody,
  'no-idle-in-tx': noIdleInTx,
  'no-listen': noListen,
  'no-named-statement': noNamedStatement,
  'no-parallel-in-tx': noParallelInTx,
  'no-pool-transaction': noPoolTransaction,
  'no-query-outside-tx': noQueryOutsideTx,
  'no-raw-execute': noRawExecute,
  'no-reset-in-finally': noResetInFinally,
  'no-session-lock': noSessionLock,
  'no-session-object': noSessionObject,
  'no-session-state': noSessionState,
  'no-startup-parameters': noStartupParameters,
  'no-unresolved-sql': noUnresolvedSql,
  'no-unscoped-local': noUnscopedLocal,
  'require-commit-check': requireCommitCheck,
  'require-directive': requireDirective,
  'require-pool-error-handler': requirePoolErrorHandler,
  'require-pooler-config': requirePoolerConfig,
}
