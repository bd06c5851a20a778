import { expect } from 'vitest'

const small = 2_000
const factor = 8
/** Eight times the text takes some eight times as long when linear, 64 times when quadratic. */
const mostRatio = 28
/** A shorter time counts as this much: the compiler is all that it shows. */
const noiseMs = 2

/** Expects that `run` takes processor time in proportion to the length of what `family` makes, by comparing two lengths. */
export function expectLinear(family: (n: number) => string, run: (text: string) => void): void {
  const short = family(small)
  const long = family(small * factor)
  // Others only ever make a run slower, through caches: the fastest of several counts, and one good comparison is enough.
  let ratio = Infinity
  for (let attempt = 0; attempt < 3 && ratio > mostRatio; attempt += 1) {
    ratio = Math.min(ratio, fastest(long, run) / Math.max(fastest(short, run), noiseMs))
  }
  expect(ratio, `a text ${factor} times as long takes this many times as long`).toBeLessThanOrEqual(mostRatio)
}

function fastest(text: string, run: (text: string) => void): number {
  let best = Infinity
  for (let round = 0; round < 3; round += 1) {
    // Of this thread: a busy machine makes it wait, not work.
    const before = process.threadCpuUsage()
    run(text)
    const { user, system } = process.threadCpuUsage(before)
    best = Math.min(best, (user + system) / 1_000)
  }
  return best
}
