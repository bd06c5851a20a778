import { db, report } from './setting.ts'

// #region
await db.copyFrom('copy job (state) from stdin (format csv)', ['queued\n', 'done\n'])

for await (const bytes of db.copyTo('copy job to stdout (format csv)')) report(bytes.toString())
// #endregion
