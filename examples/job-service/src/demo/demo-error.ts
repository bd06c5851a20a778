import { explain, redact } from '@pooler-safe/example-foundation'

/** The demonstration cannot be run as asked: one sentence, exit code 2. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
  readonly code = 'DEMO_CANNOT_RUN'
}

/** Somebody asked the demonstration to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly code = 'DEMO_INTERRUPTED'

  constructor() {
    super('The demonstration was asked to end.')
  }
}

const longest = 600

/** What is wrong and what to do about it, on one line and without secrets. */
export function sentenceOf(error: unknown): string {
  const { message, hint } = error as { message?: unknown; hint?: unknown }
  const isSaid = typeof message === 'string' && typeof hint === 'string' && message.includes(hint)
  const text = redact(isSaid ? message : explain(error))
    .replaceAll(/\s+/g, ' ')
    .trim()
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** An error that has a stable code was foreseen; any other one is a bug, and its stack is needed. */
export function isForeseen(error: unknown): boolean {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string'
}
