import { catalogue } from '@pooler-safe/hazards'
import type { Arguments } from '../command-line/options.ts'
import { paintFor } from '../command-line/paint.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { ExitCode, Io } from '../io.ts'
import { explain } from './explain.ts'
import { describeExplanation, describeList } from './describe.ts'

/** A message with its detail; what comes after is a stack or another line of the log. */
const longestText = 2_000

/** `pooler-safe explain`. What it is asked about may come from standard input. */
export async function runExplain(given: Arguments, io: Io): Promise<ExitCode> {
  const paint = paintFor(io)
  const isJson = given.has('json')
  if (given.has('list')) {
    io.out(
      isJson
        ? toJson(catalogue.map(({ code, id, title, severity }) => ({ code, id, title, severity })))
        : describeList(catalogue, paint),
    )
    return 0
  }
  const text = (given.positionals.length > 0 ? given.positionals.join(' ') : await io.stdin()).trim()
  if (text === '') {
    throw new UsageError('Nothing to explain.', 'Give a hazard, a SQLSTATE or an error text; --list shows the hazards.')
  }
  const explanation = explain(text.slice(0, longestText))
  io.out(isJson ? toJson(explanation) : describeExplanation(explanation, paint))
  return explanation.kind === 'nearest' ? 1 : 0
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
