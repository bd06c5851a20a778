/** Two hundred tests of an ordinary application: rows are written in a transaction, read back, and taken away again. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 4 })
before(() => pool.query('create table if not exists orders (id serial primary key, customer int, total int)'))
after(() => pool.end())

for (let customer = 1; customer <= 200; customer += 1) {
  void test(`customer ${customer} orders three things`, async () => {
    const client = await pool.connect()
    await client.query('begin')
    for (const total of [5, 7, 9]) {
      await client.query('insert into orders (customer, total) values ($1, $2)', [customer, total])
    }
    await client.query('commit')
    client.release()
    const { rows } = await pool.query<{ sum: string }>('select sum(total) from orders where customer = $1', [customer])
    assert.equal(rows[0]?.sum, '21')
    await pool.query('delete from orders where customer = $1', [customer])
  })
}
