import { useTestDatabase } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import { clientCampaign } from './client-campaign.ts'
import { clientStream, tokenOf } from './frames.ts'
import { seededRandom } from './random.ts'
import { serverCampaign } from './server-campaign.ts'
import { splitCampaign } from './split-campaign.ts'

/** A short slice of `pnpm fuzz`; `POOLER_SAFE_SEED` makes it a different one. */
const database = useTestDatabase()
const seed = Number(process.env['POOLER_SAFE_SEED'] ?? 20_261_125)

describe.each([
  { campaign: clientCampaign, frames: 4_000 },
  { campaign: serverCampaign, frames: 3_000 },
  { campaign: splitCampaign, frames: 2_000 },
])('$campaign.name', ({ campaign, frames }) => {
  test('nothing crashes, hangs or is mixed up', { timeout: 120_000 }, async () => {
    const done = await campaign.run({ upstream: database.directUrl, seed, frames })
    expect(done.frames).toBeGreaterThanOrEqual(frames * 0.9)
    // The streams got somewhere.
    expect(done.answerBytes).toBeGreaterThan(done.streams * 10)
  })
})

test('the same seed makes the same frames', () => {
  const stream = (from: number): Buffer =>
    Buffer.concat(clientStream(1, 500, seededRandom(from)).map(({ bytes }) => bytes))
  expect(stream(seed).equals(stream(seed))).toBe(true)
  expect(stream(seed).equals(stream(seed + 1))).toBe(false)
  expect(stream(seed).includes(tokenOf(1))).toBe(true)
})
