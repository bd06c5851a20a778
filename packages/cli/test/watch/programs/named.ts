// A program as they are written: a named statement, and a setting for good.
import pg from 'pg'

const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] })
await client.connect()
await client.query(`set statement_timeout to '5s'`)
await client.query({ name: 'find', text: 'select $1::int', values: [1] }).catch(() => undefined)
await client.query({ name: 'find', text: 'select $1::int', values: [2] }).catch(() => undefined)
await client.end()
