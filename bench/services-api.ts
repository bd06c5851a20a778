/** `node scripts/bench.mjs services-api [url] [token]`: list endpoints of a running API at 100 requests a second. */
const [url = process.env['API_URL'], token = process.env['API_TOKEN']] = process.argv.slice(2)
if (url === undefined || token === undefined) {
  process.stderr.write('Start the API with a token, then give its URL and the token (or API_URL and API_TOKEN).\n')
  process.exit(2)
}
const perSecond = 100
const seconds = 10
const paths = ['/v1/jobs?limit=50', '/v1/batches?limit=50', '/v1/scans?limit=50', '/v1/places?limit=50']

for (const path of paths) {
  const took: number[] = []
  let failed = 0
  const one = async (): Promise<void> => {
    const startedAt = performance.now()
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    await answer.arrayBuffer()
    if (!answer.ok) failed += 1
    took.push(performance.now() - startedAt)
  }
  const begunAt = performance.now()
  const running: Promise<void>[] = []
  for (let n = 0; n < perSecond * seconds; n += 1) {
    // Sent by the clock, whether those before were answered or not.
    const waitMs = begunAt + (n * 1_000) / perSecond - performance.now()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    running.push(one())
  }
  await Promise.all(running)
  took.sort((a, b) => a - b)
  const at = (share: number): string => (took[Math.floor(took.length * share)] ?? Number.NaN).toFixed(1)
  process.stdout.write(`${path}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, ${failed} failed\n`)
}

export {}
