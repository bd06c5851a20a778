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
