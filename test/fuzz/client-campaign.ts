import { startPooler, type Pooler, type ProfileName, type StartPoolerOptions } from '@pooler-safe/testkit'
import { connect } from 'node:net'
import { RawClient, send } from '../../packages/testkit/test/raw-client.ts'
import { startup } from '../../packages/testkit/src/wire/encode.ts'
import { inTime, type Campaign, type CampaignOptions, type Outcome } from './campaign.ts'
import { clientStream, startupPacket, tokens, type Piece } from './frames.ts'
import { pick, seededRandom, type Random } from './random.ts'

/** As long as nothing is broken, no stream takes a fraction of this. */
const hangMs = 20_000

interface Round {
  readonly profile: ProfileName
  readonly options: Partial<StartPoolerOptions>
}

const rounds: readonly Round[] = [
  { profile: 'pgbouncer-1.18', options: {} },
  { profile: 'pgbouncer-1.25', options: {} },
  { profile: 'supavisor-named', options: { schedule: 'random' } },
  { profile: 'pgbouncer-statement', options: {} },
  { profile: 'odyssey', options: {} },
  { profile: 'pgbouncer-1.18', options: { audit: { sample: 10 } } },
  { profile: 'supavisor-2.9', options: { losesPipelined: true } },
]

/** Clients of the fuzz have numbers from here on; the witness has 1. */
let lastClient = 1

/** Sends one stream in pieces of any size. Resolves when the pooler has hung up. */
async function play(port: number, pieces: readonly Piece[], start: Buffer, random: Random): Promise<string> {
  const bytes = Buffer.concat([start, ...pieces.map((piece) => piece.bytes), send.terminate()])
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('error', () => undefined).on('data', (text: string) => void (answer += text))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  let offset = 0
  while (offset < bytes.length && !socket.destroyed) {
    const size = random() < 0.3 ? 1 + Math.floor(random() * 7) : 1 + Math.floor(random() * 4_000)
    socket.write(bytes.subarray(offset, offset + size))
    offset += size
    if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve))
  }
  const way = random()
  // A client that dies in the middle, one that closes its side, and one that waits for its answers.
  if (way < 0.1) socket.destroy()
  else if (way < 0.3) socket.end()
  // A frame may claim more bytes than ever come: then only the client can end it.
  const timer = setTimeout(() => socket.destroy(), 400 + Math.floor(random() * 200))
  await inTime('closing a client connection', hangMs, closed)
  clearTimeout(timer)
  return answer
}

function checkTokens(answer: string, client: number): void {
  for (const [token, owner] of answer.matchAll(tokens)) {
    if (Number(owner) !== client) throw new Error(`mixed up: client ${client} read ${token}`)
  }
}

/** Somebody who behaves, all the while: every answer must be its own. */
async function witness(pooler: Pooler, isOver: () => boolean): Promise<number> {
  const client = await RawClient.connect(pooler.url)
  let asked = 0
  while (!isOver()) {
    const text = `tok-1-${(asked += 1)}`
    const ask = asked % 2 === 0 ? send.query(`select '${text}'`) : send.extended('select $1::text', [text])
    const { rows, errors } = await inTime('a query of the witness', hangMs, client.ask(ask))
    if (errors.length > 0 || rows.length !== 1 || rows[0]?.[0] !== text || client.surplus > 0) {
      throw new Error(`the witness asked for ${text} and read ${JSON.stringify({ rows, errors })}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await client.end()
  return asked
}

async function playRound({ profile, options }: Round, wanted: CampaignOptions, random: Random): Promise<Outcome> {
  const done = { frames: 0, streams: 0, answerBytes: 0 }
  await using pooler = await startPooler({
    upstream: wanted.upstream,
    poolSize: 4,
    seed: wanted.seed,
    clientAuth: 'trust',
    profile,
    record: { maxTransactions: 500 },
    ...options,
  })
  const { user, database, port } = pooler
  let isOver = false
  const watching = witness(pooler, () => isOver)
  const player = async (): Promise<void> => {
    while (done.frames < wanted.frames) {
      const client = (lastClient += 1)
      const isBefore = random() < 0.05
      const pieces = clientStream(client, isBefore ? 5 : 20 + Math.floor(random() * 120), random)
      const fatalAt = pieces.findIndex(({ isFatal }) => isFatal)
      done.frames += 1 + (fatalAt === -1 ? pieces.length : fatalAt + 1)
      done.streams += 1
      const start = isBefore ? startupPacket(random) : startup({ user, database })
      const answer = await play(port, pieces, start, random)
      done.answerBytes += answer.length
      checkTokens(answer, client)
    }
  }
  try {
    await Promise.all(Array.from({ length: 8 }, player))
  } finally {
    isOver = true
  }
  await watching
  await inTime('letting go of everybody', hangMs, untilEmpty(pooler))
  await pooler.stop({ drainMs: 0 })
  return done
}

async function untilEmpty(pooler: Pooler): Promise<void> {
  while (pooler.clients() > 0 || pooler.waiting() > 0) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Broken clients in front of a real PostgreSQL, through every kind of profile, beside a client that behaves. */
export const clientCampaign: Campaign = {
  name: 'from clients, in front of PostgreSQL',
  async run(options) {
    const setUp = await RawClient.connect(options.upstream)
    await setUp.ask(send.query('create table if not exists fuzzed (id int)'))
    await setUp.end()
    const random = seededRandom(options.seed)
    const sum = { frames: 0, streams: 0, answerBytes: 0 }
    for (const round of options.frames < 20_000 ? [pick(rounds, random), rounds[1]] : rounds) {
      if (!round) continue
      const share = Math.ceil(options.frames / (options.frames < 20_000 ? 2 : rounds.length))
      const done = await playRound(round, { ...options, frames: share }, random)
      sum.frames += done.frames
      sum.streams += done.streams
      sum.answerBytes += done.answerBytes
    }
    return sum
  },
}
