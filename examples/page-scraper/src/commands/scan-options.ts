import { parseArgs } from 'node:util'
import { demoHosts } from '@pooler-safe/example-foundation/demo'
import { scanInputInvalid } from '../errors.ts'
import { mostPages, usualPages } from '../job-types.ts'

export interface ScanOptions {
  readonly urls: readonly string[]
  readonly maxPages: number
  readonly budgetSeconds: number
  readonly json: boolean
  /** Queue, run and store the scans, in DATABASE_URL. */
  readonly store: boolean
  readonly allowLoopback: boolean
  /** Sites of our own instead of the web. */
  readonly demo: boolean
}

export const help = `Scans sites: what they say about themselves, contacts, technologies.

  pnpm scan https://example.com example.org [options]

  --max-pages <n>        pages of each site, the home page included (1 to ${mostPages}; ${usualPages} unless told)
  --budget-seconds <n>   how long one site may take (90 unless told)
  --json                 one JSON object for each site
  --store                queue the scans as jobs, run them here, and keep what they find
  --allow-loopback       let this machine be asked: for demos and tests
  --demo                 sites of our own on this machine, some of them unless told: nothing is asked outside

Without --store nothing is needed but the Internet, and nothing is kept. With it the data are kept in DATABASE_URL, or, without
one, in a database of its own in .pooler-safe. robots.txt is obeyed.
Ends with 0 when every site was read, 1 when one was not, 2 when the command cannot be understood.
`

const { joinery, restaurant, parked, softNotFound, missing } = demoHosts
const demoSites = [joinery, restaurant, parked, softNotFound, missing]

/** @throws PageScraperError SCAN_INPUT_INVALID */
export function readOptions(args: readonly string[]): ScanOptions | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (positionals.length === 0 && !values.demo)
    throw scanInputInvalid('Say which site to scan: pnpm scan https://example.com')
  return {
    urls: positionals.length === 0 ? demoSites : positionals,
    demo: values.demo,
    maxPages: whole('--max-pages', values['max-pages'], usualPages, mostPages),
    budgetSeconds: whole('--budget-seconds', values['budget-seconds'], 90, 500),
    json: values.json,
    store: values.store,
    allowLoopback: values['allow-loopback'],
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        demo: { type: 'boolean', default: false },
        store: { type: 'boolean', default: false },
        'allow-loopback': { type: 'boolean', default: false },
        'max-pages': { type: 'string' },
        'budget-seconds': { type: 'string' },
      },
    })
  } catch (error) {
    throw scanInputInvalid(error instanceof Error ? error.message : String(error), 'See --help.')
  }
}

function whole(option: string, text: string | undefined, usual: number, most: number): number {
  if (text === undefined) return usual
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (value >= 1 && value <= most) return value
  throw scanInputInvalid(`${option} is not a whole number from 1 to ${most}.`)
}
