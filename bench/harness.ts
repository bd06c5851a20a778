import { cpus, totalmem } from 'node:os'
import { createRequire } from 'node:module'

/** One way of doing the work that a case measures. */
export interface Variant {
  readonly name: string
  /** Works for about `sliceMs` milliseconds and returns how many operations it finished. */
  run(sliceMs: number): Promise<number>
}

/** A case compares variants with its first one, the baseline, in slices taken in turn. */
export interface BenchCase {
  readonly name: string
  readonly variants: readonly Variant[]
  /** Rounds that count; in each, every variant runs for one slice. At least 5. */
  readonly rounds?: number
  readonly sliceMs?: number
}

/** One row of the result: a variant's operations per second as a ratio to the baseline's of the same round. */
export interface CaseResult {
  readonly case: string
  /** Median over the rounds. */
  readonly ratio: number
  readonly unit: string
  readonly runs: number
  /** Smallest and largest ratio of a round. */
  readonly spread: readonly [number, number]
  /** Median operations per second of this variant, where it is a matter of speed: an order of magnitude, not a claim. */
  readonly perSecond?: number
  /** What the project promises for this row, where it promises something. */
  readonly target?: number
}

export interface BenchReport {
  readonly name: string
  readonly machine: Readonly<Record<string, string>>
  readonly cases: readonly CaseResult[]
}

const warmUpMs = 1_000

/** Takes slices of all variants in turn, so that a machine that gets slower gets slower for all of them. */
export async function measure(bench: BenchCase, targets: Readonly<Record<string, number>> = {}): Promise<CaseResult[]> {
  const { rounds = 7, sliceMs = 400 } = bench
  const rates = bench.variants.map((): number[] => [])
  // Every variant is compiled by then: in short slices the first rounds would time the compiler.
  for (const variant of bench.variants) await variant.run(Math.max(sliceMs / 2, warmUpMs))
  for (let round = 0; round < rounds; round += 1) {
    // Every other round goes backwards: whoever runs first after a pause must not always be the same.
    const order = [...bench.variants.keys()]
    if (round % 2 === 1) order.reverse()
    for (const index of order) {
      const started = performance.now()
      const operations = (await bench.variants[index]?.run(sliceMs)) ?? 0
      rates[index]?.push((operations * 1000) / (performance.now() - started))
    }
  }
  const baseline = rates[0] ?? []
  return bench.variants.slice(1).map((variant, at) => {
    const own = rates[at + 1] ?? []
    const ratios = own.map((rate, round) => rate / (baseline[round] ?? Number.NaN))
    const target = targets[variant.name]
    return {
      case: `${bench.name}: ${variant.name} / ${bench.variants[0]?.name ?? ''}`,
      ratio: median(ratios),
      unit: '× operations per second',
      runs: rounds,
      spread: [Math.min(...ratios), Math.max(...ratios)],
      perSecond: median(own),
      ...(target === undefined ? {} : { target }),
    }
  })
}

/** A variant that keeps `concurrency` operations going until the slice is over. */
export function closedLoop(name: string, concurrency: number, operation: () => Promise<unknown>): Variant {
  return {
    name,
    async run(sliceMs) {
      const end = performance.now() + sliceMs
      let finished = 0
      const lane = async () => {
        while (performance.now() < end) {
          await operation()
          finished += 1
        }
      }
      await Promise.all(Array.from({ length: concurrency }, lane))
      return finished
    },
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** The machine and the versions a figure depends on. */
export function machine(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const require = createRequire(import.meta.url)
  const { version } = require('pg/package.json') as { version: string }
  return {
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown'} × ${cpus().length}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    pg: version,
    ...extra,
  }
}

/** Prints a report as a table, or as one JSON object when the command line says `--json`. */
export function print(report: BenchReport, asJson = process.argv.includes('--json')): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  const lines = [
    `bench ${report.name}`,
    ...Object.entries(report.machine).map(([key, value]) => `  ${key}: ${value}`),
    '',
    '| case | ratio (median) | spread | runs | at least | ops/s |',
    '|---|---|---|---|---|---|',
    ...report.cases.map(
      (row) =>
        `| ${row.case} | ${row.ratio.toFixed(2)} | ${row.spread.map((one) => one.toFixed(2)).join('–')} | ${row.runs} | ${row.target?.toString() ?? ''} | ${row.perSecond?.toFixed(0) ?? ''} |`,
    ),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
