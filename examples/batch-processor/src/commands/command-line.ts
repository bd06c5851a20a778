import { parseArgs } from 'node:util'
import { explain, ServiceError } from '@pooler-safe/example-foundation'
import { exportFormats, type ExportFormat } from '../export/export-batch.ts'
import type { NewBatch } from '../options.ts'

export const help = `Usage
  pnpm batch FILE [options]             make a batch of the sites in a file (- is standard input), work on it, show how it goes
  pnpm batch list                       the newest batches
  pnpm batch status ID                  how a batch stands
  pnpm batch pause | resume | cancel | retry ID
  pnpm batch export ID [--format F]     its items on standard output
  pnpm batch rejects ID                 the lines of its input that became no item
  pnpm batch --demo [FILE]              the same with sites of our own on this machine: nothing is asked outside

Options
  --input csv|text|json   what FILE is; default by its name
  --column NAME|NUMBER    the column of a CSV file that holds the site
  --name NAME             what to call the batch
  --kind KIND             the processor; home-page (default) or domain-scan
  --max-pages N           pages of each site, of domain-scan
  --concurrency N         items at the same time; default 10
  --per-domain N          of these, under the same registrable domain; default 2
  --timeout MS            for one item; default 30000
  --attempts N            failed runs until an item fails; default 3
  --key KEY               the same request with the same key makes one batch
  --webhook URL           told when the batch has ended
  --detach                only make it; a worker works on it
  --format F              csv, json or ndjson; default csv
  --help

Without DATABASE_URL a database of its own is started, whose data survive; a second command joins it while it runs.
With --demo that is one apart.

Environment: DATABASE_URL (the pooler), DIRECT_DATABASE_URL (then tables are made), POOLER_SAFE_DATA, BATCH_TENANT, BATCH_POOL_MAX, BATCH_USER_AGENT, BATCH_WEBHOOK_SECRET, LOG_LEVEL
`

const actions = ['list', 'status', 'pause', 'resume', 'cancel', 'retry', 'export', 'rejects'] as const
type Action = (typeof actions)[number]
const inputs = ['csv', 'text', 'json'] as const
export type InputKind = (typeof inputs)[number]

export type Command =
  | { readonly action: 'help' }
  | {
      readonly action: 'run'
      readonly demo: boolean
      /** None is the list of the demo. */
      readonly file: string | undefined
      readonly input: InputKind
      readonly column: string | number | undefined
      readonly detach: boolean
      readonly batch: NewBatch
    }
  | { readonly action: Action; readonly id: string; readonly format: ExportFormat; readonly demo: boolean }

/** The command line cannot be understood. */
export class UsageError extends ServiceError {
  override readonly name = 'UsageError'

  constructor(message: string) {
    super('USAGE', message, { hint: 'See pnpm batch --help.' })
  }
}

/** @throws UsageError */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args)
  const demo = values.demo ?? false
  if (values.help === true || (positionals.length === 0 && !demo)) return { action: 'help' }
  const [first = '', second, ...rest] = positionals
  if (rest.length > 0) throw new UsageError(`"${rest.join(' ')}" is one argument too many.`)
  const format = oneOf('format', values.format ?? 'csv', exportFormats)
  const action = actions.find((one) => one === first)
  if (action !== undefined) {
    if (action !== 'list' && second === undefined) throw new UsageError(`${action} needs the id of a batch.`)
    return { action, id: second ?? '', format, demo }
  }
  if (second !== undefined) throw new UsageError(`"${first}" is not a command.`)
  const kind = values.input ?? (/\.(csv|tsv)$/i.test(first) ? 'csv' : /\.json$/i.test(first) ? 'json' : 'text')
  const { column } = values
  const maxPages = whole('max-pages', values['max-pages'])
  return {
    action: 'run',
    demo,
    file: first === '' ? undefined : first,
    input: oneOf('input', kind, inputs),
    column: column !== undefined && /^\d+$/.test(column) ? Number(column) : column,
    detach: values.detach ?? false,
    batch: {
      kind: values.kind,
      options: maxPages === undefined ? undefined : { maxPages },
      name: values.name,
      maxConcurrent: whole('concurrency', values.concurrency),
      maxPerDomain: whole('per-domain', values['per-domain']),
      itemTimeoutMs: whole('timeout', values.timeout),
      maxAttempts: whole('attempts', values.attempts),
      idempotencyKey: values.key,
      webhookUrl: values.webhook,
    },
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        input: text,
        column: text,
        name: text,
        kind: text,
        concurrency: text,
        'per-domain': text,
        timeout: text,
        attempts: text,
        key: text,
        webhook: text,
        format: text,
        'max-pages': text,
        demo: { type: 'boolean' },
        detach: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(explain(error))
  }
}

function oneOf<One extends string>(option: string, value: string, known: readonly One[]): One {
  const found = known.find((one) => one === value)
  if (found === undefined) throw new UsageError(`--${option} is not one of ${known.join(', ')}.`)
  return found
}

function whole(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value)) throw new UsageError(`--${option} is not a whole number.`)
  return Number(value)
}
