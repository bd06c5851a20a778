import { db, report } from './setting.ts'

// #region
await db.lock(['invoice', 7], (tx) => tx.query('update account set balance = 0 where id = $1', [7]), { waitMs: 2_000 })

const nightly = await db.tryLock('nightly report', (tx) => tx.query('select count(*) from job'))
report(nightly.locked) // false: somebody else is at it
// #endregion
