/**
 * `pnpm fuzz [frames] [seed]`: broken frames in every direction through the test pooler. The same number of frames and
 * the same seed make the same frames. Ends with 1 when the pooler crashed, hung, or gave one client what another's is.
 */
import { startPostgres } from '@pooler-safe/testkit'
import { randomInt } from 'node:crypto'
import { clientCampaign } from './client-campaign.ts'
import { serverCampaign } from './server-campaign.ts'
import { splitCampaign } from './split-campaign.ts'

const [wanted = '1000000', seedText] = process.argv.slice(2)
const frames = Number(wanted)
const seed = seedText === undefined ? randomInt(2 ** 31) : Number(seedText)
if (!Number.isInteger(frames) || frames < 1 || !Number.isInteger(seed)) {
  throw new Error('Write: pnpm fuzz [frames] [seed]')
}
const write = (line: string): void => void process.stdout.write(`${line}\n`)
write(`fuzz: ${frames} frames, seed ${seed}`)
process.on('exit', (code) => {
  if (code !== 0) write(`FAILED; repeat it with: pnpm fuzz ${frames} ${seed}`)
})
await using postgres = await startPostgres()
const parts = [
  { campaign: clientCampaign, share: 0.6 },
  { campaign: serverCampaign, share: 0.39 },
  { campaign: splitCampaign, share: 0.01 },
]
const begun = Date.now()
let total = 0
for (const { campaign, share } of parts) {
  const started = Date.now()
  const {
    frames: done,
    streams,
    answerBytes,
  } = await campaign.run({
    upstream: postgres.url,
    seed,
    frames: Math.ceil(frames * share),
  })
  total += done
  const seconds = ((Date.now() - started) / 1_000).toFixed(1)
  write(`${campaign.name}: ${done} frames in ${streams} streams, ${answerBytes} bytes answered, ${seconds} s`)
}
const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20)
write(
  `${total} frames in ${((Date.now() - begun) / 1_000).toFixed(0)} s, ${megabytes} MB: no crash, no hang, nothing mixed up`,
)
