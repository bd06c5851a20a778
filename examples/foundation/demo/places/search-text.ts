import { demoPlaces, townNames, wordsOfType, type DemoPlace } from './places.ts'

export interface Point {
  readonly latitude: number
  readonly longitude: number
}

export interface Area {
  readonly circle?: { readonly center: Point; readonly radius: number }
  readonly rectangle?: { readonly low: Point; readonly high: Point }
}

export interface SearchTextRequest {
  readonly textQuery: string
  readonly includedType?: string | undefined
  readonly minRating?: number | undefined
  readonly locationBias?: Area | undefined
  readonly locationRestriction?: Area | undefined
}

/** Google gives no more than this for one search, however many pages are asked for. */
const mostResults = 60

/** The places that a search finds, best first: of the demo, by its words, or of those that are given. */
export function searchText(request: SearchTextRequest, given?: readonly DemoPlace[]): readonly DemoPlace[] {
  const { textQuery, includedType, minRating = 0, locationBias, locationRestriction } = request
  const query = textQuery.toLowerCase()
  const town = townNames.find((name) => query.includes(name))
  const found = (given ?? demoPlaces).filter((place) => {
    if (locationRestriction?.rectangle && !isWithin(place.location, locationRestriction.rectangle)) return false
    if (given) return true
    const asked = wordsOfType[place.primaryType]?.some((word) => query.includes(word)) ?? false
    const named = query.includes(place.displayName.text.toLowerCase())
    if (!asked && !named) return false
    if (town !== undefined && !place.formattedAddress.toLowerCase().includes(town)) return false
    if (includedType !== undefined && place.primaryType !== includedType) return false
    return (place.rating ?? 0) >= minRating
  })
  const center = locationBias ? centerOf(locationBias) : undefined
  const ranked = center
    ? found.toSorted((a, b) => metersBetween(a.location, center) - metersBetween(b.location, center))
    : found
  // A bias prefers what is near; a place far from its circle is not near.
  const { circle } = locationBias ?? {}
  const near = circle
    ? ranked.filter(({ location }) => metersBetween(location, circle.center) <= circle.radius * 3)
    : ranked
  return near.slice(0, mostResults)
}

function isWithin(
  { latitude, longitude }: Point,
  { low, high }: { readonly low: Point; readonly high: Point },
): boolean {
  if (latitude < low.latitude || latitude > high.latitude) return false
  const crossesDateLine = low.longitude > high.longitude
  return crossesDateLine
    ? longitude >= low.longitude || longitude <= high.longitude
    : longitude >= low.longitude && longitude <= high.longitude
}

function centerOf({ circle, rectangle }: Area): Point | undefined {
  if (circle) return circle.center
  if (!rectangle) return undefined
  const { low, high } = rectangle
  return { latitude: (low.latitude + high.latitude) / 2, longitude: (low.longitude + high.longitude) / 2 }
}

function metersBetween(a: Point, b: Point): number {
  const radians = Math.PI / 180
  const dLat = (b.latitude - a.latitude) * radians
  const dLng = (b.longitude - a.longitude) * radians
  const half =
    Math.sin(dLat / 2) ** 2 + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * Math.sin(dLng / 2) ** 2
  return 2 * 6_371_000 * Math.asin(Math.sqrt(half))
}
