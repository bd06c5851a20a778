import { db, report } from './setting.ts'

// #region
const endpoint = await db.verify({ pooled: 'transaction' })
report(endpoint.mode) // 'transaction'
report(endpoint.evidence) // such as: its statements moved from backend 5121 to 5122
// #endregion
