import { db } from './setting.ts'

// #region
await db.transaction(
  async (tx) => {
    await tx.query('update account set balance = balance - $2 where id = $1', [1, 30])
    await tx.query('update account set balance = balance + $2 where id = $1', [2, 30])
    // A savepoint: what fails in it undoes only itself.
    const audit = tx.transaction((inner) => inner.query('insert into audit (account) values ($1)', [2]))
    await audit.catch(() => undefined)
  },
  { isolation: 'serializable', retries: 3, timeoutMs: 5_000, lockTimeoutMs: 1_000 },
)
// #endregion
