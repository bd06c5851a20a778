import { db, report } from './setting.ts'

// #region
import { hazardOf, hintOf, isOutcomeUnknown, outcomeOf, sqlStateOf } from 'pooler-safe'

try {
  await db.query('insert into account (id, balance) values (1, 0)')
} catch (error) {
  if (isOutcomeUnknown(error)) throw error // It may have been executed: look before you repeat it.
  report(outcomeOf(error)) // 'not-executed'
  report(sqlStateOf(error)) // '23505'
}

try {
  await db.query('set search_path = tenant_7')
} catch (error) {
  report(hazardOf(error)) // 'session-set'
  report(hintOf(error)) // what to write instead
}
// #endregion
