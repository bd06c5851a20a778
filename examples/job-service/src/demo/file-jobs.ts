import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { wait } from '@pooler-safe/example-foundation'
import { z } from 'zod'
import type { JobHandlers, JobTypes, RunContext } from '../index.ts'

const payload = z.strictObject({ name: z.string(), path: z.string() })
type Payload = z.infer<typeof payload>

/** What a job stores about its file. */
export const measurement = z.strictObject({
  sha256: z.string().length(64),
  bytes: z.number(),
  /** As an editor counts them: a last line without a line feed is one too. */
  lines: z.number(),
  /** Runs of bytes that are not ASCII white space. */
  words: z.number(),
})
export type Measurement = z.infer<typeof measurement>

export const measureType = 'file.measure'

export const fileJobTypes = {
  [measureType]: { payload, maxAttempts: 3, retryDelaySeconds: 1, retryDelayMaxSeconds: 10 },
} satisfies JobTypes

/** The file of a job, as it was queued. */
export const fileOf = (jobPayload: unknown): Payload => payload.parse(jobPayload)

const chunkBytes = 64 * 1024

/** Handlers that pause after each chunk of a file, so that there is something to watch. */
export function fileJobHandlers(paceMs: number): JobHandlers {
  return {
    [measureType]: async ({ job, signal, progress }: RunContext) => {
      const { path } = fileOf(job.payload)
      return measureFile(path, { signal, progress, paceMs })
    },
  }
}

interface MeasureOptions {
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
  readonly paceMs: number
}

/** Reads a file as a stream: one of many gigabytes takes no more memory than a small one. */
async function measureFile(path: string, { signal, progress, paceMs }: MeasureOptions): Promise<Measurement> {
  const { size } = await stat(path)
  const hash = createHash('sha256')
  const counter = new TextCounter()
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes, signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    counter.add(chunk)
    bytes += chunk.length
    progress(bytes, Math.max(size, bytes))
    if (paceMs > 0) await wait(paceMs, signal)
  }
  return { sha256: hash.digest('hex'), bytes, ...counter.counts() }
}

const lineFeed = 0x0a
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/** Counts lines and words of a text that comes in pieces. */
class TextCounter {
  #lines = 0
  #words = 0
  #last = lineFeed

  add(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte === lineFeed) this.#lines += 1
      if (!isSpace(byte) && isSpace(this.#last)) this.#words += 1
      this.#last = byte
    }
  }

  counts(): { readonly lines: number; readonly words: number } {
    return { lines: this.#lines + (this.#last === lineFeed ? 0 : 1), words: this.#words }
  }
}
