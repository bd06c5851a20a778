import type { SafeClient, SafePool } from 'pooler-safe'
import type safePg from 'pooler-safe/pg'
import type { Numbers } from './numbers.ts'

/** What a library is run on: the guarded classes, or those of `pg` for comparison. */
export interface Driver {
  readonly guarded: boolean
  /** `pooler-safe/pg`, or `pg`. */
  readonly pg: typeof safePg
  readonly Client: typeof SafeClient
  readonly Pool: typeof SafePool
}

/** A pooler, and PostgreSQL behind it, for what a library does on the direct URL. */
export interface Endpoint {
  readonly url: string
  readonly directUrl: string
}

/** The row of the shared table `item`. `position` is unique, deferrable and initially deferred. */
export interface Item {
  readonly id: number
  readonly name: string
  readonly position: number
}

/** An open transaction of the library. */
export interface LibraryTransaction {
  readonly insert: (item: Item) => Promise<unknown>
  /** Backend and transaction, as PostgreSQL names them. */
  readonly whereAmI: () => Promise<string>
  /** Runs a statement that fails, and swallows its error. */
  readonly fail: () => Promise<unknown>
}

/** A library at work. Every function goes through the library's own interface as far as it has one. */
export interface LibraryUnderTest {
  /** Writes one row. */
  readonly insert: (item: Item) => Promise<unknown>
  /** Reads the name of one row. */
  readonly nameOf: (id: number) => Promise<string | undefined>
  /** Runs a transaction: commits when the callback resolves, rolls back when it rejects. */
  readonly transaction?: (work: (transaction: LibraryTransaction) => Promise<void>) => Promise<unknown>
  /** Reads the name of one row through the library's own prepared statements, or whatever else of it names statements. */
  readonly prepared?: (id: number) => Promise<string | undefined>
  readonly close: () => Promise<unknown>
}

export interface Library<Under extends LibraryUnderTest = LibraryUnderTest> {
  readonly name: string
  /** The npm packages that make it up, the one that counts first. */
  readonly packages: readonly [string, ...string[]]
  /** How it is given a guarded client, as code. */
  readonly connect: string
  /** What has to be set for a transaction-mode pooler besides that, and why. */
  readonly needs?: string
  /** What it does on the direct URL, and why. */
  readonly direct?: string
  /** What of the contract it does not have, and why. */
  readonly without?: { readonly transaction?: string; readonly prepared?: string }
  /** What only this library does: facts, and what shows them. */
  readonly own?: Readonly<Record<string, (library: Under, numbers: Numbers) => Promise<void>>>
  readonly open: (driver: Driver, endpoint: Endpoint) => Promise<Under>
}

/** The table that every library works on. */
export const tableSql = `
  create table item (id int primary key, name text not null, position int not null
    constraint item_position unique deferrable initially deferred)`
