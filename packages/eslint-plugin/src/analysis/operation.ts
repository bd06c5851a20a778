import type { Driver } from './drivers.ts'
import type { Node } from './estree.ts'
import type { ReadSql } from './grammar.ts'
import type { Receiver } from './receiver.ts'
import type { Variable } from './scope.ts'

/** How sure it is that a statement goes to PostgreSQL. */
export type Engine = 'postgres' | 'mixed' | 'none' | 'foreign'

/** A place where SQL is run. */
export interface Operation {
  /** The call or tagged template. */
  readonly node: Node
  readonly method: string
  readonly driver: Driver
  readonly receiver: Receiver | undefined
  /** The object that the method belongs to. */
  readonly object: Node | undefined
  /** The variable that the object starts from. */
  readonly root: Variable | undefined
  /** The expression of the SQL. */
  readonly sqlNode: Node
  /** The SQL, in every form it may take; empty when it is put together elsewhere. */
  readonly texts: readonly ReadSql[]
  /** Whether values travel with the text. */
  readonly bound: boolean
  /** The `name` of a server-side prepared statement. */
  readonly name: Node | undefined
  readonly engine: Engine
  /** Whether the call itself names the transaction that it runs in. */
  readonly given: boolean
  /** Whether it only hands SQL that its function was given to another function of the file. */
  readonly passesOn: boolean
}
