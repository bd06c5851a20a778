import { GoogleError } from './google-error.ts'

const placeFields: ReadonlySet<string> = new Set([
  'id',
  'name',
  'displayName',
  'formattedAddress',
  'location',
  'types',
  'primaryType',
  'rating',
  'userRatingCount',
  'priceLevel',
  'nationalPhoneNumber',
  'internationalPhoneNumber',
  'websiteUri',
  'googleMapsUri',
  'businessStatus',
])

export interface FieldMask {
  /** Paths below `places`, or `*`. */
  readonly places: readonly string[]
  readonly nextPageToken: boolean
}

/** @throws GoogleError INVALID_ARGUMENT for a mask that is missing or names what there is not */
export function parseFieldMask(header: string | undefined): FieldMask {
  const paths = (header ?? '').split(',').filter((path) => path !== '')
  if (paths.length === 0) {
    throw new GoogleError(400, 'INVALID_ARGUMENT', 'FieldMask is a required parameter.')
  }
  if (paths.includes('*')) return { places: ['*'], nextPageToken: true }
  const places: string[] = []
  for (const path of paths) {
    const [root = '', field, ...rest] = path.split('.')
    const isKnown =
      path === 'nextPageToken' ||
      path === 'places' ||
      (root === 'places' && (field === '*' || placeFields.has(field ?? '')))
    // Blanks after a comma are refused by Google as well.
    if (!isKnown) {
      throw new GoogleError(
        400,
        'INVALID_ARGUMENT',
        `Error expanding 'fields' parameter. Cannot find matching fields for path '${path}'.`,
      )
    }
    if (root === 'places') places.push(field === undefined ? '*' : [field, ...rest].join('.'))
  }
  return { places, nextPageToken: paths.includes('nextPageToken') }
}

/** Only what the mask names. */
export function masked(place: object, paths: readonly string[]): object {
  if (paths.includes('*')) return place
  const result: Record<string, unknown> = {}
  for (const path of paths) {
    const [field = '', inner] = path.split('.')
    const value = (place as Record<string, unknown>)[field]
    if (value === undefined) continue
    if (inner === undefined) {
      result[field] = value
    } else {
      const part = (value as Record<string, unknown>)[inner]
      result[field] = { ...(result[field] as object | undefined), ...(part === undefined ? {} : { [inner]: part }) }
    }
  }
  return result
}
