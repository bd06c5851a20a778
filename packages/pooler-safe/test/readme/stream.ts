import { db, report } from './setting.ts'

// #region
for await (const { id } of db.stream<{ id: number }>('select id from job order by id', [], { fetchSize: 500 })) {
  report(id)
}
// #endregion
