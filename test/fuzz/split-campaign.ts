import { startPooler, type ProfileName } from '@pooler-safe/testkit'
import { RawClient, send, type Answer } from '../../packages/testkit/test/raw-client.ts'
import { inTime, type Campaign } from './campaign.ts'

/** Every kind of message that a client may send, in an order that all poolers answer alike. */
const requests: readonly Buffer[] = [
  send.extended('select $1::text', ['abc']),
  send.query(`select 'simple'`),
  Buffer.concat([send.parse('select 7'), send.describe('S'), send.flush(), send.bind(), send.execute(), send.sync()]),
  Buffer.concat([
    send.parse('select generate_series(1, 4)'),
    send.bind([], '', 'x'),
    send.execute('x', 2),
    send.execute('x', 9),
    send.close('P', 'x'),
    send.sync(),
  ]),
  send.query('select 1/0'),
  Buffer.concat([
    send.query('begin; create temp table t (id int) on commit drop; copy t from stdin'),
    send.copyData('1\n2\n'),
    send.copyDone(),
  ]),
  send.query('select count(*) from t; rollback'),
  send.functionCall(1_299),
  send.query('copy (select generate_series(1, 3)) to stdout'),
  send.query(''),
  send.sync(),
]

/** How many frames there are in those. */
const framesEach = 32

async function askAll(client: RawClient, cutAt: number | undefined): Promise<Answer[]> {
  const answers: Answer[] = []
  let start = 0
  for (const request of requests) {
    const cut = cutAt === undefined ? -1 : cutAt - start
    if (cut > 0 && cut < request.length) {
      client.socket.write(request.subarray(0, cut))
      // Another segment: what was written before has left.
      await new Promise((resolve) => setTimeout(resolve, 1))
      client.socket.write(request.subarray(cut))
    } else {
      client.socket.write(request)
    }
    answers.push(await inTime('an answer to a split request', 20_000, client.answer()))
    start += request.length
  }
  return answers
}

/** `now()` is answered to FunctionCall: only that it is answered matters. */
const comparable = (answers: readonly Answer[]): string =>
  JSON.stringify(answers.map(({ types, rows, errors, status }) => ({ types, rows, errors, status })))

/** Each request of a conversation cut at each byte: the answers do not change. */
export const splitCampaign: Campaign = {
  name: 'split at every byte',
  async run({ frames, seed, upstream }) {
    const done = { frames: 0, streams: 0, answerBytes: 0 }
    const bytes = requests.reduce((sum, { length }) => sum + length, 0)
    const profiles: readonly ProfileName[] = ['pgbouncer-1.18', 'pgbouncer-1.25']
    for (const profile of profiles) {
      await using pooler = await startPooler({ upstream, profile, seed, poolSize: 2 })
      const client = await RawClient.connect(pooler.url)
      const whole = comparable(await askAll(client, undefined))
      const step = Math.max(1, Math.ceil((bytes * profiles.length * framesEach) / Math.max(frames, 1)))
      for (let cut = 1; cut < bytes; cut += step) {
        const split = comparable(await askAll(client, cut))
        if (split !== whole) throw new Error(`cut at byte ${cut} with ${profile}:\n${split}\ninstead of\n${whole}`)
        done.frames += framesEach
        done.streams += 1
        done.answerBytes += split.length
      }
      await client.end()
    }
    return done
  },
}
