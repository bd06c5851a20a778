import { parseArgs } from 'node:util'
import { explain, ServiceError } from '@pooler-safe/example-foundation'
import { placesFormats, type PlacesFormat } from '../export-places.ts'
import type { NewSearch } from '../options.ts'
import { placeStatuses, type PlaceStatus } from '../place.ts'

export const help = `Usage
  pnpm places QUERY --near PLACE [options]   search, store, and print what was found
  pnpm places import FILE                    store the places of a CSV or GeoJSON file
  pnpm places list | export [options]        the places that are stored
  pnpm places mark STATUS ID …               give places a status: ${placeStatuses.join(', ')}
  pnpm places undo CHANGE                    take a change of status back
  pnpm places --demo "Zahnarzt" --near "Graz"  the same with a server of our own that knows places that do not exist

Options
  --near PLACE        such as "Graz"; or --at LAT,LNG
  --radius METRES     default 5000, at most 50000
  --provider NAME     google (needs PLACES_GOOGLE_API_KEY) or openstreetmap; default google
  --max N             results; default 60, more are found by splitting the area
  --budget USD        no request is sent that would cost more; default 5
  --language TAG      of the answers
  --dry-run           only say what it may cost
  --key KEY           the same request with the same key makes one search
  --status STATUS     of list and export: only these
  --format F          csv, json, ndjson or geojson; default csv
  --help

Without DATABASE_URL a database of its own is started, whose data survive; a second command joins it while it runs.
With --demo that is one apart.

Environment: DATABASE_URL (the pooler), DIRECT_DATABASE_URL (then tables are made), POOLER_SAFE_DATA, PLACES_GOOGLE_API_KEY, PLACES_GOOGLE_ENDPOINT, PLACES_OVERPASS_URL,
PLACES_NOMINATIM_URL, PLACES_TENANT, PLACES_POOL_MAX, PLACES_USER_AGENT, LOG_LEVEL
`

export type Command = { readonly demo: boolean } & (
  | { readonly action: 'help' }
  | { readonly action: 'search'; readonly search: NewSearch; readonly dryRun: boolean; readonly format: PlacesFormat }
  | { readonly action: 'import'; readonly file: string }
  | { readonly action: 'list' | 'export'; readonly status: PlaceStatus | undefined; readonly format: PlacesFormat }
  | { readonly action: 'mark'; readonly status: PlaceStatus; readonly ids: readonly string[] }
  | { readonly action: 'undo'; readonly change: string }
)

/** The command line cannot be understood. */
export class UsageError extends ServiceError {
  override readonly name = 'UsageError'

  constructor(message: string) {
    super('USAGE', message, { hint: 'See pnpm places --help.' })
  }
}

/** @throws UsageError */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args)
  const [first, ...rest] = positionals
  const demo = values.demo ?? false
  if (values.help === true || first === undefined) return { action: 'help', demo }
  const format = oneOf('--format', values.format ?? 'csv', placesFormats)
  if (first === 'list' || first === 'export') {
    none(rest)
    const status = values.status === undefined ? undefined : oneOf('--status', values.status, placeStatuses)
    return { action: first, status, format, demo }
  }
  if (first === 'mark') {
    const [status = '', ...ids] = rest
    if (ids.length === 0) throw new UsageError('mark needs a status and ids of places.')
    return { action: 'mark', status: oneOf('The status', status, placeStatuses), ids, demo }
  }
  if (first === 'import' || first === 'undo') {
    const [what, ...more] = rest
    none(more)
    if (what === undefined)
      throw new UsageError(`${first} needs ${first === 'import' ? 'a file' : 'the id of a change'}.`)
    return first === 'import' ? { action: 'import', file: what, demo } : { action: 'undo', change: what, demo }
  }
  none(rest)
  const [lat, lng] = values.at === undefined ? [] : pointOf(values.at)
  return {
    action: 'search',
    demo,
    dryRun: values['dry-run'] ?? false,
    format,
    search: {
      query: first,
      provider: values.provider,
      near: values.near,
      lat,
      lng,
      radiusM: number('--radius', values.radius),
      maxResults: number('--max', values.max),
      budgetUsd: number('--budget', values.budget),
      language: values.language,
      idempotencyKey: values.key,
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
        near: text,
        at: text,
        radius: text,
        provider: text,
        max: text,
        budget: text,
        language: text,
        key: text,
        status: text,
        format: text,
        'dry-run': { type: 'boolean' },
        demo: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(explain(error))
  }
}

function none(rest: readonly string[]): void {
  if (rest.length > 0)
    throw new UsageError(`"${rest.join(' ')}" is too much; put a query of several words into quotes.`)
}

function oneOf<One extends string>(what: string, value: string, known: readonly One[]): One {
  const found = known.find((one) => one === value)
  if (found === undefined) throw new UsageError(`${what} is not one of ${known.join(', ')}.`)
  return found
}

function number(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(value)) throw new UsageError(`${option} is not a number.`)
  return Number(value)
}

function pointOf(text: string): [number, number] {
  const found = /^(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)$/.exec(text)
  if (!found) throw new UsageError('--at is not a point such as 47.07,15.44.')
  return [Number(found[1]), Number(found[2])]
}
