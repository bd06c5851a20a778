import { parseForESLint } from '@typescript-eslint/parser'
import { analyze } from '@typescript-eslint/scope-manager'
import { expect, test } from 'vitest'
import { analyzeFile, createProject, linkParents, messageOf, type FileAnalysis, type Node } from '../../src/analysis.ts'

function analyse(source: string, always = false): FileAnalysis {
  const { ast, visitorKeys } = parseForESLint(source, { range: true, comment: true, sourceType: 'module' })
  linkParents(ast as unknown as Node, visitorKeys)
  return analyzeFile({
    path: 'src/jobs.ts',
    source,
    program: ast as unknown as Node,
    scopeManager: analyze(ast, { sourceType: 'module' }),
    comments: ast.comments,
    host: createProject().hostFor(import.meta.filename, {}),
    always,
  })
}

test('the analysis needs a tree and its scopes, and nothing of ESLint', () => {
  const { findings, operations } = analyse(
    `import { Pool } from 'pg'\nconst pool = new Pool({ max: 1 })\npool.on('error', f)\nawait pool.query('reset all')`,
  )
  expect(findings.map(({ rule }) => rule)).toEqual(['no-session-state'])
  expect(messageOf(findings[0]!)).toMatch(/^`all`: The setting stays on the backend/)
  expect(operations).toMatchObject([{ method: 'query', driver: 'pg', context: 'autocommit', bound: false }])
})

test('operations say where they run', () => {
  const { operations } = analyse(`
    import { Pool } from 'pg'
    const pool = new Pool()
    async function move(client: PoolClient, text: string) {
      const own = await pool.connect()
      await own.query('select 1')
      await own.query('begin')
      await own.query('select 2')
      await own.query('commit')
      await pool.query(text)
    }
  `)
  expect(operations.map(({ context, texts }) => [texts[0]?.sql.text, context])).toEqual([
    ['select 1', 'autocommit'],
    ['begin', 'autocommit'],
    ['select 2', 'transaction'],
    ['commit', 'transaction'],
    [undefined, 'autocommit'],
  ])
})

test('with `always` the grammar reads every text, holes and foreign placeholders included', () => {
  const texts = [
    "`select ${columns.join(', ')} from ${table} where id = ${id} ${order} limit ${n}`",
    '`insert into t ${insert} returning *`',
    '`select * from t where ${condition} and a in (${list})`',
    "'select * from t where a = ? and b = :name and c->>\\'x\\' = @p and d @> $/json/'",
    '`update t set ${assignments} where id = $1`',
    '`select * from t limit $${values.length} offset $${values.length + 1}`',
    "`select * from t where ${conditions.join(' and ')} and b`",
    "`select * from t ${flag ? 'where a = 1' : ''} order by ${column} ${direction}`",
  ]
  const { operations } = analyse(
    `import { Pool } from 'pg'\nconst pool = new Pool()\nconst conditions = []\nconditions.push('a')\n${texts.map((text) => `await pool.query(${text})`).join('\n')}`,
    true,
  )
  expect(operations).toHaveLength(texts.length)
  for (const { texts: read } of operations) {
    for (const { readBy, sql } of read) expect(readBy, sql.text).toBe('grammar')
  }
})

test('what a directive allows is kept with its reason', () => {
  const { allowed, findings } = analyse(
    `import { Client } from 'pg'\nconst client = new Client()\n// pooler-safe: allow no-listen because this client is on port 5432\nawait client.query('listen a')`,
  )
  expect(findings).toEqual([])
  expect(allowed.map(({ directive, finding }) => [finding.rule, directive.reason])).toEqual([
    ['no-listen', 'this client is on port 5432'],
  ])
})

const textsIn = (source: string): (string | undefined)[] =>
  analyse(`import { Pool } from 'pg'\nconst pool = new Pool()\n${source}`, true).operations.flatMap(({ texts }) =>
    texts.map(({ readBy, sql }) => (readBy === 'grammar' ? sql.text : undefined)),
  )

test('one condition has one answer in a text', () => {
  expect(
    textsIn("await pool.query(`select a ${wide ? ', b' : ''} from t ${!wide ? '' : 'join u using (id)'}`)"),
  ).toEqual(['select a , b from t join u using (id)', 'select a  from t '])
})

test('branches that exclude each other never meet in a text', () => {
  expect(
    textsIn(
      "let sql = 'alter table t alter column a '\nif (off) sql += 'drop default'\nelse sql += 'set default 1'\nawait pool.query(sql)",
    ).filter((text) => text !== undefined),
  ).toEqual(['alter table t alter column a drop default', 'alter table t alter column a set default 1'])
})

test('every alternative is read, also where the combinations are too many', () => {
  const parts = Array.from({ length: 6 }, (_, index) => `\${c${index} ? 'and a${index} = 1' : 'and b${index} = 1'}`)
  const texts = textsIn(`await pool.query(\`select 1 from t where true ${parts.join(' ')}\`)`)
  expect(texts.length).toBeLessThanOrEqual(8)
  for (const name of ['a', 'b'])
    for (const index of [0, 1, 2, 3, 4, 5]) expect(texts.join('\n')).toContain(`${name}${index} = 1`)
})

test.each([
  'with u as (${inner}) select * from u',
  'copy (${query}) to stdout',
  'explain (analyze) ${query}',
  'set transaction isolation level ${level}',
  'alter table t replica identity ${kind}',
  'create policy p on t as ${kind} for ${command} to ${role}',
  'create trigger t ${when} ${event} on u for each ${unit} execute function f()',
])('a hole gets what its place takes: %s', (text) => {
  expect(textsIn(`await pool.query(\`${text}\`)`)).not.toContain(undefined)
})
