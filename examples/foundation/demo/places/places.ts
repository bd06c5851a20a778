/** A place that does not exist, in the shape that the Places API (New) gives places. */
export interface DemoPlace {
  readonly id: string
  readonly name: string
  readonly displayName: { readonly text: string; readonly languageCode: string }
  readonly formattedAddress: string
  readonly location: { readonly latitude: number; readonly longitude: number }
  readonly types: readonly string[]
  readonly primaryType: string
  readonly rating?: number
  readonly userRatingCount?: number
  readonly priceLevel?: string
  readonly nationalPhoneNumber?: string
  readonly internationalPhoneNumber?: string
  readonly websiteUri?: string
  readonly googleMapsUri: string
  readonly businessStatus: string
}

interface Town {
  readonly name: string
  readonly postalCode: string
  readonly latitude: number
  readonly longitude: number
}

const towns: readonly Town[] = [
  { name: 'Graz', postalCode: '8010', latitude: 47.0707, longitude: 15.4395 },
  { name: 'Leoben', postalCode: '8700', latitude: 47.3815, longitude: 15.0972 },
]
const kinds = [
  { type: 'dentist', word: 'Zahnarzt', english: 'dentist', count: [130, 12] },
  { type: 'bakery', word: 'Bäckerei', english: 'bakery', count: [47, 3] },
  { type: 'restaurant', word: 'Gasthaus', english: 'restaurant', count: [75, 20] },
  { type: 'florist', word: 'Blumen', english: 'florist', count: [4, 0] },
] as const
const names = [
  'Anger',
  'Berger',
  'Dorn',
  'Egger',
  'Fuchs',
  'Gruber',
  'Haas',
  'Kern',
  'Lang',
  'Moser',
  'Nagl',
  'Pichler',
  'Reiter',
  'Steiner',
  'Wolf',
]

/** Words by which a kind of place is asked for. */
export const wordsOfType: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  kinds.map(({ type, word, english }) => [type, [type, word.toLowerCase(), english]]),
)
export const townNames: readonly string[] = towns.map(({ name }) => name.toLowerCase())

/** The same places each time; some without website, phone or rating, as it is. */
export const demoPlaces: readonly DemoPlace[] = towns.flatMap((town, townAt) =>
  kinds.flatMap((kind) => Array.from({ length: kind.count[townAt] ?? 0 }, (_, at) => place(town, kind, at))),
)

function place(town: Town, { type, word }: (typeof kinds)[number], at: number): DemoPlace {
  // A sunflower's pattern: dense in the middle of the town, thin outside.
  const angle = at * 2.399963
  const distanceKm = 0.35 * Math.sqrt(at)
  const latitude = town.latitude + (distanceKm / 111.32) * Math.cos(angle)
  const longitude =
    town.longitude + (distanceKm / (111.32 * Math.cos((town.latitude * Math.PI) / 180))) * Math.sin(angle)
  const id = `demo-${type}-${town.name.toLowerCase()}-${at + 1}`
  const name = `${word} ${names[at % names.length] ?? ''} ${Math.floor(at / names.length) + 1}`
  const number = 600_000 + at * 7 + town.postalCode.charCodeAt(1)
  return {
    id,
    name: `places/${id}`,
    displayName: { text: name, languageCode: 'de' },
    formattedAddress: `Musterstraße ${at + 1}, ${town.postalCode} ${town.name}, Österreich`,
    location: { latitude: round(latitude), longitude: round(longitude) },
    types: [type, 'point_of_interest', 'establishment'],
    primaryType: type,
    ...(at % 6 === 5 ? {} : { rating: 3 + ((at * 3) % 20) / 10, userRatingCount: ((at * 37) % 400) + 1 }),
    ...(type === 'restaurant' ? { priceLevel: at % 2 === 0 ? 'PRICE_LEVEL_MODERATE' : 'PRICE_LEVEL_INEXPENSIVE' } : {}),
    ...(at % 7 === 6 ? {} : { nationalPhoneNumber: `0316 ${number}`, internationalPhoneNumber: `+43 316 ${number}` }),
    ...(at % 4 === 3 ? {} : { websiteUri: `http://firma-${at + 1}.example/` }),
    googleMapsUri: `https://maps.example/?cid=${id}`,
    businessStatus: at % 29 === 28 ? 'CLOSED_PERMANENTLY' : 'OPERATIONAL',
  }
}

function round(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7
}
