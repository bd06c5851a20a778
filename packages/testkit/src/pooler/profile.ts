import { TestkitError } from '../testkit-error.ts'
import type { TrackedParameter } from './tracked-parameters.ts'

/** A pooler that the test pooler can imitate. */
export type ProfileName =
  | 'pgbouncer-1.18'
  | 'pgbouncer-1.25'
  | 'pgbouncer-statement'
  | 'supavisor-2.9'
  | 'supavisor-named'
  | 'odyssey'
  | 'pgagroal'
  | 'strict'

/** A FATAL ErrorResponse. An empty `sqlstate` means that the client is cut off without a word. */
export interface ProfileRefusal {
  readonly sqlstate: string
  readonly message: string
  /** Default `FATAL`. */
  readonly severity?: 'ERROR'
}

/**
 * How a pooler behaves where poolers differ. Measured on PostgreSQL 15.20 with the versions in `imitates`; the contract
 * page says for each cell how that is proven.
 */
export interface PoolerProfile {
  readonly name: ProfileName
  /** The program and version that were measured. */
  readonly imitates: string
  readonly mode: 'transaction' | 'statement'
  /** Settings that go with a client from backend to backend. */
  readonly followed: readonly TrackedParameter[]
  /** Of those, the ones a client that never set them may find with a stranger's value. */
  readonly notRestored: readonly TrackedParameter[]
  /** Start-up parameters that are not followed: refused, dropped in silence, or applied to the backends. */
  readonly startup: 'refuse' | 'drop' | 'apply'
  /** Start-up parameters that are applied although `startup` says otherwise; each value has backends of its own. */
  readonly appliedStartup: readonly string[]
  /** `options`: refused by its name, or by what is in it. */
  readonly optionsRefusal: 'whole' | 'inner'
  /** What every backend is called, whatever the client said. */
  readonly backendApplicationName: string | undefined
  /** Named statements: passed on blindly, or carried from backend to backend. */
  readonly statements: 'blind' | 'pgbouncer' | 'supavisor'
  /** What becomes of a transaction whose client vanished. */
  readonly vanished: 'backend-closed' | 'rolled-back'
  /** What becomes of a transaction whose client said goodbye. */
  readonly terminated: 'backend-closed' | 'rolled-back'
  /** Notifications that come while nobody has the backend: dropped, or kept for whoever has it next. */
  readonly notifications: 'dropped' | 'kept'
  /** A cancel of a client that has no backend: nothing, or it hits whoever has its last backend. */
  readonly staleCancel: 'nothing' | 'hits-stranger'
  readonly queryWaitTimeoutMs: number
  readonly queryWait: (about: { ms: number; user: string; database: string; poolSize: number }) => ProfileRefusal
  readonly wrongPassword: (user: string) => ProfileRefusal
  readonly unknownDatabase: (database: string, user: string) => ProfileRefusal
  /** A hazard ends the client connection before PostgreSQL sees it. */
  readonly isStrict: boolean
}

const fiveFollowed = [
  'client_encoding',
  'DateStyle',
  'TimeZone',
  'standard_conforming_strings',
  'application_name',
] as const

const pgbouncer118: PoolerProfile = {
  name: 'pgbouncer-1.18',
  imitates: 'PgBouncer 1.18.0, pool_mode = transaction',
  mode: 'transaction',
  followed: fiveFollowed,
  notRestored: ['application_name'],
  startup: 'refuse',
  appliedStartup: [],
  optionsRefusal: 'whole',
  backendApplicationName: undefined,
  statements: 'blind',
  vanished: 'backend-closed',
  terminated: 'backend-closed',
  notifications: 'dropped',
  staleCancel: 'nothing',
  queryWaitTimeoutMs: 120_000,
  queryWait: () => ({ sqlstate: '08P01', message: 'query_wait_timeout' }),
  wrongPassword: () => ({ sqlstate: '08P01', message: 'SASL authentication failed' }),
  unknownDatabase: (database) => ({ sqlstate: '08P01', message: `database "${database}" does not exist` }),
  isStrict: false,
}

const pgbouncer125: PoolerProfile = {
  ...pgbouncer118,
  name: 'pgbouncer-1.25',
  imitates: 'PgBouncer 1.25.2, pool_mode = transaction, max_prepared_statements = 200',
  followed: [...fiveFollowed, 'IntervalStyle'],
  notRestored: [],
  optionsRefusal: 'inner',
  statements: 'pgbouncer',
  unknownDatabase: (database) => ({ sqlstate: '3D000', message: `database "${database}" does not exist` }),
}

const supavisor29: PoolerProfile = {
  ...pgbouncer125,
  name: 'supavisor-2.9',
  imitates: 'Supavisor 2.9.10, transaction mode, named_prepared_statements off',
  followed: [],
  startup: 'drop',
  appliedStartup: ['search_path'],
  backendApplicationName: 'Supavisor',
  statements: 'blind',
  queryWaitTimeoutMs: 60_000,
  queryWait: ({ ms }) => ({
    sqlstate: 'XX000',
    message: `(ECHECKOUTTIMEOUT) unable to check out connection from the pool after ${ms}ms in Transaction mode`,
  }),
  wrongPassword: (user) => ({ sqlstate: '28P01', message: `password authentication failed for user "${user}"` }),
}

const odyssey: PoolerProfile = {
  ...pgbouncer125,
  name: 'odyssey',
  imitates: 'Odyssey 1.5.1, pool_discard no, pool_reserve_prepared_statement no',
  followed: [...fiveFollowed, 'default_transaction_read_only'],
  notRestored: [...fiveFollowed, 'default_transaction_read_only'],
  startup: 'apply',
  statements: 'blind',
  vanished: 'rolled-back',
  terminated: 'rolled-back',
  notifications: 'kept',
  queryWaitTimeoutMs: 5_000,
  queryWait: ({ user, database, poolSize }) => ({
    sqlstate: '53300',
    message: `odyssey: c: too many active clients for user (pool_size for user ${user}.${database} reached ${poolSize})`,
  }),
  wrongPassword: (user) => ({
    sqlstate: '28000',
    message: `odyssey: c: password authentication failed for user "${user}"`,
  }),
  unknownDatabase: (database, user) => ({
    severity: 'ERROR',
    sqlstate: '3D000',
    message: `odyssey: c: route for '${database}.${user}' is not found`,
  }),
}

const profiles: Readonly<Record<ProfileName, PoolerProfile>> = {
  'pgbouncer-1.18': pgbouncer118,
  'pgbouncer-1.25': pgbouncer125,
  'pgbouncer-statement': {
    ...pgbouncer125,
    name: 'pgbouncer-statement',
    imitates: 'PgBouncer 1.25.2, pool_mode = statement, max_prepared_statements = 0',
    mode: 'statement',
    statements: 'blind',
  },
  'supavisor-2.9': supavisor29,
  'supavisor-named': {
    ...supavisor29,
    name: 'supavisor-named',
    imitates: 'Supavisor 2.9.10, transaction mode, named_prepared_statements on',
    statements: 'supavisor',
  },
  odyssey,
  pgagroal: {
    ...pgbouncer118,
    name: 'pgagroal',
    imitates: 'pgagroal 1.6.0, pipeline = transaction, statement tracking off',
    followed: [],
    notRestored: [],
    startup: 'drop',
    backendApplicationName: 'pgagroal',
    terminated: 'rolled-back',
    notifications: 'kept',
    staleCancel: 'hits-stranger',
    queryWaitTimeoutMs: 0,
    wrongPassword: () => ({ sqlstate: '', message: '' }),
    unknownDatabase: pgbouncer125.unknownDatabase,
  },
  strict: {
    ...pgbouncer118,
    name: 'strict',
    imitates: 'no pooler: whatever is hazardous behind any of them is refused',
    notRestored: [],
    isStrict: true,
  },
}

/** Names of all profiles. */
export const profileNames = Object.keys(profiles) as ProfileName[]

/** The profile of a name. Throws `invalid-option` for one that does not exist. */
export function profileOf(name: ProfileName): PoolerProfile {
  const found = (profiles as Partial<Record<string, PoolerProfile>>)[name]
  if (found) return found
  throw new TestkitError('invalid-option', `There is no profile "${name as string}".`, {
    hint: `Choose one of ${profileNames.join(', ')}.`,
  })
}
