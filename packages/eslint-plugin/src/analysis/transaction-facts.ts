import type { Receivers } from './receivers.ts'
import type { Names } from './scope.ts'
import type { StaticSql } from './static-sql.ts'
import type { Transactions } from './transactions.ts'

export interface TransactionFacts {
  readonly source: string
  readonly names: Names
  readonly sql: StaticSql
  readonly receivers: Receivers
  readonly transactions: Transactions
}
