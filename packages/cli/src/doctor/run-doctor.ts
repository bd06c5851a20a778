import { redactUrl } from '@pooler-safe/hazards'
import { numberOf, type Arguments } from '../command-line/options.ts'
import { paintFor } from '../command-line/paint.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { ExitCode, Io } from '../io.ts'
import { describeReport } from './describe.ts'
import { examine } from './examine.ts'

/** `pooler-safe doctor`. */
export async function runDoctor(given: Arguments, io: Io): Promise<ExitCode> {
  const url = given.positionals[0] ?? io.env['DATABASE_URL']
  if (url === undefined || given.positionals.length > 1) {
    throw new UsageError('doctor needs one connection URL.', 'Give it as an argument, or in DATABASE_URL.')
  }
  const options = {
    connections: numberOf(given, 'connections', 1) ?? 3,
    timeoutMs: numberOf(given, 'timeout', 1) ?? 5_000,
  }
  let report
  try {
    report = await examine(url, options)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string }
    throw new UsageError(
      `${redactUrl(url)} could not be examined: ${message || code}`,
      'pooler-safe explain tells what an error means.',
      {
        cause: error,
      },
    )
  }
  io.out(given.has('json') ? `${JSON.stringify(report, null, 2)}\n` : describeReport(report, paintFor(io)))
  return report.findings.length > 0 ? 1 : 0
}
