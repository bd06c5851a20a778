/** What a campaign of fuzzing did. */
export interface Outcome {
  /** Frames that somebody had to read: nothing after a frame that ends a stream is counted. */
  readonly frames: number
  readonly streams: number
  /** What the pooler answered, so that it is seen that the streams got somewhere. */
  readonly answerBytes: number
}

export interface CampaignOptions {
  readonly upstream: string
  readonly seed: number
  /** The campaign ends when that many frames were sent. */
  readonly frames: number
}

/** One direction of attack. */
export interface Campaign {
  readonly name: string
  run(options: CampaignOptions): Promise<Outcome>
}

/** Rejects when something has not happened in time: that is a hang. */
export async function inTime<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hang: ${what} took more than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
