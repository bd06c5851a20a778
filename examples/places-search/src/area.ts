import type { Box } from './place.ts'

const metresPerDegree = 111_320

/** The smallest area that contains the circle. */
export function boxAround(lat: number, lng: number, radiusM: number): Box {
  const dLat = radiusM / metresPerDegree
  const dLng = Math.min(179, dLat / Math.max(0.01, Math.cos((lat * Math.PI) / 180)))
  const wrap = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180
  return {
    south: Math.max(-90, lat - dLat),
    west: wrap(lng - dLng),
    north: Math.min(90, lat + dLat),
    east: wrap(lng + dLng),
  }
}

/** The four quarters of an area; together they are the area. */
export function quartersOf({ south, west, north, east }: Box): readonly Box[] {
  const middleLat = (south + north) / 2
  const width = east >= west ? east - west : east - west + 360
  const shifted = west + width / 2
  const middleLng = shifted > 180 ? shifted - 360 : shifted
  return [
    { south: middleLat, west, north, east: middleLng },
    { south: middleLat, west: middleLng, north, east },
    { south, west, north: middleLat, east: middleLng },
    { south, west: middleLng, north: middleLat, east },
  ]
}
