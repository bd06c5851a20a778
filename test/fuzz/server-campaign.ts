import { startPooler, type Pooler, type ProfileName } from '@pooler-safe/testkit'
import { connect } from 'node:net'
import { send } from '../../packages/testkit/test/raw-client.ts'
import { startup } from '../../packages/testkit/src/wire/encode.ts'
import { inTime, type Campaign, type Outcome } from './campaign.ts'
import { FakeServer } from './fake-server.ts'
import { breakAnswer, tokens, tokenOf } from './frames.ts'
import { seededRandom, type Random } from './random.ts'

const hangMs = 20_000
let lastClient = 1_000_000

/** Sends sound requests and reads what comes, until the connection ends or nothing comes any more. */
async function ask(port: number, client: number, requests: number, quietMs: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let answer = ''
  socket.setEncoding('latin1')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const query = send.query(`select '${tokenOf(client)}'`)
  let left = requests
  let quiet: NodeJS.Timeout | undefined
  socket.on('error', () => undefined)
  socket.on('data', (text: string) => {
    answer += text
    clearTimeout(quiet)
    quiet = setTimeout(() => socket.destroy(), quietMs)
    // One request after the other: what comes for the one before has come.
    if (!answer.endsWith('Z\0\0\0\u0005I')) return
    if (left === 0) socket.end(send.terminate())
    else socket.write(query)
    left -= 1
  })
  socket.write(startup({ user: 'a', database: 'c' }))
  const late = setTimeout(() => socket.destroy(), 8_000)
  await inTime('closing a client connection', hangMs, closed)
  clearTimeout(late)
  clearTimeout(quiet)
  return answer
}

async function playRound(profile: ProfileName, frames: number, seed: number, random: Random): Promise<Outcome> {
  const done = { frames: 0, streams: 0, answerBytes: 0 }
  let isSound = false
  const server = new FakeServer((answer) => {
    done.frames += answer.length
    return isSound || random() < 0.97 ? answer : breakAnswer(answer, random)
  })
  const upstream = `postgres://a:b@127.0.0.1:${await server.listen()}/c?sslmode=disable`
  const pooler = await startPooler({
    upstream,
    profile,
    seed,
    poolSize: 3,
    clientAuth: 'trust',
    serverLoginRetryMs: 1,
    record: { maxTransactions: 500 },
  })
  try {
    const player = async (): Promise<void> => {
      while (done.frames < frames) {
        const client = (lastClient += 1)
        done.streams += 1
        const answer = await ask(pooler.port, client, 200, 25)
        done.answerBytes += answer.length
        for (const [token, owner] of answer.matchAll(tokens)) {
          if (Number(owner) !== client) throw new Error(`mixed up: client ${client} read ${token}`)
        }
      }
    }
    await Promise.all(Array.from({ length: 6 }, player))
    isSound = true
    await recover(pooler)
  } finally {
    await inTime('stopping', hangMs, pooler.stop({ drainMs: 0 }))
    await server.close()
  }
  return done
}

/** With sound answers all is well again: at most each backend of the storm is missed by one client. */
async function recover(pooler: Pooler): Promise<void> {
  let answer = ''
  for (let round = 0; round < 12; round += 1) {
    answer = await ask(pooler.port, (lastClient += 1), 3, 3_000)
    if (answer.match(tokens)?.length !== 3 && round > 6) break
    if (round === 11) return
  }
  throw new Error(`long after the storm a client read ${JSON.stringify(answer)}`)
}

/** A server whose answers are broken now and then: that may cost a client its connection, and nobody else anything. */
export const serverCampaign: Campaign = {
  name: 'from a server whose answers are broken',
  async run({ frames, seed }) {
    const random = seededRandom(seed)
    const sum = { frames: 0, streams: 0, answerBytes: 0 }
    const profiles = ['pgbouncer-1.18', 'pgbouncer-1.25', 'odyssey'] as const
    for (const profile of profiles) {
      const done = await playRound(profile, Math.ceil(frames / profiles.length), seed, random)
      sum.frames += done.frames
      sum.streams += done.streams
      sum.answerBytes += done.answerBytes
    }
    return sum
  },
}
