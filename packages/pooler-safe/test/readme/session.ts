import { db, report } from './setting.ts'

// #region
import type { Session } from 'pooler-safe'

async function balanceOf(session: Session, account: number): Promise<number | undefined> {
  const text = 'select balance from account where id = $1'
  const { rows } = await session.query<{ balance: number }>(text, [account])
  return rows[0]?.balance
}

report(await balanceOf(db, 1))
report(await db.transaction((tx) => balanceOf(tx, 1)))
// #endregion
