import pg from 'pg'
import { askForSequences, changes, pictureSql, takePicture } from './picture.ts'
import type { Row } from './row.ts'

/** How PostgreSQL answered one text. */
export interface Answer {
  /** SQLSTATE of the error; undefined when there was none. */
  readonly sqlstate: string | undefined
  /** The rows as text, to be compared; or the error's message. */
  readonly text: string
}

/** What was seen when a statement ran once. */
export interface Run {
  readonly answer: Answer
  /** SQLSTATEs of the warnings and notices that the statement caused. */
  readonly notices: readonly string[]
  /** Status in ReadyForQuery right after the statement. */
  readonly status: string
  /** What was different right after the statement, inside a transaction that holds nothing else. */
  readonly effect: ReturnType<typeof changes>
  /** What is different after the statement and its transaction. */
  readonly left: ReturnType<typeof changes>
  /** The answer to `shownBy` afterwards. */
  readonly shown: string | undefined
}

export type Mode = 'alone' | 'inside'

async function withSession<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Resolves after ReadyForQuery: pg rejects earlier, and would not know the transaction status yet. */
async function ask(client: pg.Client, sql: string): Promise<Answer> {
  const ready = new Promise((resolve) => client.once('drain', resolve))
  const answer = await answerTo(client, sql)
  await ready
  return answer
}

async function answerTo(client: pg.Client, sql: string): Promise<Answer> {
  try {
    const result = (await client.query({ text: sql, rowMode: 'array' })) as pg.QueryResult | pg.QueryResult[]
    const rows = (Array.isArray(result) ? result : [result]).map((one) => one.rows as unknown[])
    return { sqlstate: undefined, text: JSON.stringify(rows) }
  } catch (error) {
    const { code, message } = error as pg.DatabaseError
    return { sqlstate: code ?? 'none', text: `${code ?? ''} ${message}` }
  }
}

const statusOf = (client: pg.Client): string => client.getTransactionStatus() ?? 'unknown'

/** Runs the statement on a fresh session. The session ends with it. */
export function runRow(url: string, row: Row, mode: Mode): Promise<Run> {
  const { sql, given = [], within = [], shownBy } = row
  return withSession(url, async (client) => {
    let notices: string[] = []
    client.on('notice', ({ code }) => notices.push(code ?? ''))
    for (const text of given) await client.query(text)
    const picture = pictureSql([...given, ...within, sql])
    const before = await takePicture(client, picture)
    const sequencesBefore = given.length === 0 ? [] : await askForSequences(client)
    if (mode === 'inside') {
      await client.query('begin')
      for (const text of within) await client.query(text)
    }
    notices = []
    const answer = await ask(client, sql)
    const seen = notices
    const status = statusOf(client)
    let effect: Run['effect'] = []
    if (mode === 'inside' && status === 'T' && within.length === 0) {
      effect = changes(before, await takePicture(client, picture))
    }
    if (status !== 'I') await client.query(mode === 'inside' && status === 'T' ? 'commit' : 'rollback')
    const after = [...(await takePicture(client, picture)), ...(await askForSequences(client))]
    const left = changes([...before, ...sequencesBefore], after)
    const shown = shownBy === undefined ? undefined : (await ask(client, shownBy)).text
    return { answer, notices: seen, status, effect, left, shown }
  })
}

/** The answer to a text on a session on which nothing happened before. */
export function askFresh(url: string, sql: string): Promise<Answer> {
  return withSession(url, (client) => ask(client, sql))
}
