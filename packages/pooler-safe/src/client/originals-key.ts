// No import of pg here: `pooler-safe/register` needs the key before pg is loaded.
import type pg from 'pg'

/** `pooler-safe/register` puts guarded classes into `pg`, and leaves the ones it found under this key. */
export const originalsKey: unique symbol = Symbol.for('pooler-safe.originals') as never

/** The classes of `pg` that `pooler-safe/register` replaces. */
export interface Originals {
  readonly Client: typeof pg.Client
  readonly Pool: typeof pg.Pool
}
