import { requireDirective } from '../../src/rules/require-directive.ts'
import { pool, ruleTester } from '../rule-tester.ts'

const listen = `await pool.query('listen jobs')`

ruleTester.run('require-directive', requireDirective, {
  valid: [
    `${pool}// pooler-safe: session-mode because LISTEN needs the direct URL (port 5432)\n${listen}`,
    `${pool}${listen} // pooler-safe: allow no-listen because this pool is the direct one`,
    `${pool}/* pooler-safe: allow pooler-safe/no-listen because this pool is the direct one */\n${listen}`,
    // A whole class, a whole file.
    `${pool}// pooler-safe: session-mode because everything here runs on the direct URL\nclass A { f() { return pool.query('listen a') } g() { return pool.query('reset all') } }`,
    `// pooler-safe: session-mode because everything here runs on the direct URL\n\n${pool}${listen}`,
    '// pooler-safe is a library',
    "const sql = 'pooler-safe: session-mode'",
  ],
  invalid: [
    { code: `${pool}// pooler-safe: session-mode\n${listen}`, errors: [{ messageId: 'noReason', line: 3 }] },
    { code: `${pool}// pooler-safe: session-mode because\n${listen}`, errors: [{ messageId: 'noReason' }] },
    { code: `${pool}// pooler-safe: session-mode because yes\n${listen}`, errors: [{ messageId: 'shortReason' }] },
    {
      code: `${pool}// pooler-safe: allow no-such-rule because it is the direct pool\n${listen}`,
      errors: [{ messageId: 'unknownRule' }],
    },
    { code: `${pool}// pooler-safe: ignore\n${listen}`, errors: [{ messageId: 'malformed' }] },
    {
      code: `${pool}// pooler-safe: allow no-listen because this pool is the direct one\nawait pool.query('select 1')`,
      output: `${pool}await pool.query('select 1')`,
      errors: [{ messageId: 'unused', line: 3 }],
    },
    {
      // It covers one statement, not the next.
      code: `${pool}// pooler-safe: allow no-session-lock because this pool is the direct one\n${listen}`,
      output: `${pool}${listen}`,
      errors: [{ messageId: 'unused' }],
    },
  ],
})
