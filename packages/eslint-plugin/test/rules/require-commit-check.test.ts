import { requireCommitCheck } from '../../src/rules/require-commit-check.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('require-commit-check', requireCommitCheck, {
  valid: [
    `${pool}const c = await pool.connect()\nconst { command } = await c.query('commit')\nif (command !== 'COMMIT') throw new Error('rolled back')`,
    `${pool}const c = await pool.connect()\nassertCommitted(await c.query('commit'))`,
    `${pool}const c = await pool.connect()\nawait c.query('rollback')`,
    // Every error leaves the block before COMMIT.
    `${pool}const c = await pool.connect()\nawait c.query('begin')\nawait c.query('delete from a')\nawait c.query('COMMIT')`,
    `${pool}const c = await pool.connect()\ntry { await c.query('begin'); await c.query('delete from a'); await save(c); await c.query('commit') } catch (error) { await c.query('rollback'); throw error }`,
    `${pool}const c = await pool.connect()\nawait c.query('begin')\ntry { await c.query('delete from a') } catch (error) { throw new Error('no', { cause: error }) }\nawait c.query('commit')`,
    `${pool}const c = await pool.connect()\nawait c.query('begin')\nawait c.query('savepoint a')\ntry { await c.query('delete from a') } catch { await c.query('rollback to a') }\nawait c.query('commit')`,
    `import { createDatabase } from 'pooler-safe'\nconst db = createDatabase({})\nawait db.transaction(async (tx) => { await tx.query('select 1') })`,
  ],
  invalid: [
    {
      code: `${pool}const c = await pool.connect()\nawait c.query('begin')\ntry { await c.query('delete from a') } catch (error) { log(error) }\nawait c.query('COMMIT')`,
      errors: [{ messageId: 'commit-became-rollback', line: 6 }],
    },
    {
      code: `${pool}const c = await pool.connect()\nawait c.query('begin')\ntry { await c.query('delete from a') } catch (error) { if (error.code !== '23505') throw error }\nawait c.query('COMMIT')`,
      errors: [{ messageId: 'commit-became-rollback' }],
    },
    {
      // What the caller gives may catch errors of its own.
      code: `${pool}async function inTransaction(work) { const c = await pool.connect()\nawait c.query('begin')\nconst answer = await work(c)\nawait c.query('COMMIT')\nreturn answer }`,
      errors: [{ messageId: 'commit-became-rollback' }],
    },
    {
      code: `${pool}const c = await pool.connect()\nawait c.query('begin')\nc.query('delete from a')\nawait c.query('COMMIT')`,
      errors: [{ messageId: 'commit-became-rollback' }],
    },
    {
      code: `${pool}const c = await pool.connect()\nawait c.query('begin')\nawait c.query('delete from a').catch(() => undefined)\nawait c.query('COMMIT')`,
      errors: [{ messageId: 'commit-became-rollback' }],
    },
    {
      code: `import type { PoolClient } from 'pg'\nasync function f(c: PoolClient) { await c.query('commit') }`,
      errors: [{ messageId: 'commit-became-rollback' }],
    },
  ],
})
