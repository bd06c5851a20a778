import pg from 'pg'
import { originalsKey, type Originals } from './originals-key.ts'

/** The classes of `pg` itself, also when another copy of this package has put guarded ones in their place. */
export const originals: Originals = (pg as typeof pg & { readonly [originalsKey]?: Originals })[originalsKey] ?? pg
