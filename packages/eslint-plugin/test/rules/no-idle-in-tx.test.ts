import { noIdleInTx } from '../../src/rules/no-idle-in-tx.ts'
import { pool, ruleTester } from '../rule-tester.ts'

const drizzle = `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\n`

ruleTester.run('no-idle-in-tx', noIdleInTx, {
  valid: [
    `${drizzle}const page = await fetch(url)\nawait db.transaction(async (tx) => { await tx.insert(t).values(page) })`,
    `${drizzle}await db.transaction(async (tx) => { after(() => fetch(url)) })`,
    `${drizzle}async function f(fetch) { await db.transaction(async (tx) => { await fetch(url) }) }`,
    `${pool}const client = await pool.connect()\nawait client.query('begin')\nawait client.query('commit')\nawait fetch(url)`,
    `store.transaction(async (tx) => { await fetch(url) })`,
  ],
  invalid: [
    {
      // A rollback in a branch that leaves does not end it for the rest.
      code: `${pool}async function f(c: import('pg').PoolClient, done) {\n  await c.query('begin')\n  if (done) {\n    await c.query('rollback')\n    return\n  }\n  await fetch(url)\n  await c.query('commit')\n}`,
      errors: [{ messageId: 'idle-in-tx', line: 9 }],
    },
    {
      code: `${drizzle}await db.transaction(async (tx) => {\n  await fetch(url)\n})`,
      errors: [{ messageId: 'idle-in-tx', line: 4, column: 9 }],
    },
    {
      code: `import axios from 'axios'\n${drizzle}await db.transaction(async (tx) => { const { data } = await axios.get(url) })`,
      errors: [{ messageId: 'idle-in-tx' }],
    },
    {
      code: `import OpenAI from 'openai'\nconst ai = new OpenAI()\n${drizzle}await db.transaction(async (tx) => { await ai.chat.completions.create({}) })`,
      errors: [{ messageId: 'idle-in-tx' }],
    },
    {
      code: `const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))\n${drizzle}await db.transaction(async (tx) => { await sleep(5) })`,
      errors: [{ messageId: 'idle-in-tx' }],
    },
    {
      code: `import { setTimeout } from 'node:timers/promises'\n${drizzle}await db.transaction(async (tx) => { await setTimeout(5) })`,
      errors: [{ messageId: 'idle-in-tx' }],
    },
    {
      code: `${pool}const client = await pool.connect()\nawait client.query('begin')\nawait fetch(url).then((r) => r.json())\nawait client.query('commit')`,
      errors: [{ messageId: 'idle-in-tx', line: 5 }],
    },
  ],
})
