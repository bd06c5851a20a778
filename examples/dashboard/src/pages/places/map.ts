import type { Place } from '@pooler-safe/example-places-search'
import { toneOf } from '../../view/badge.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { number } from '../../view/text.ts'

const width = 800
const height = 420
const margin = 28
const earthMetres = 40_075_016

interface Located extends Place {
  readonly lat: number
  readonly lng: number
}

/**
 * Places on a map of our own: a grid in the projection that web maps use, with a scale. It needs no network and tells nobody
 * what is looked at.
 */
export function placesMap(places: readonly Place[]): Html {
  const located = places.filter((place): place is Located => place.lat !== null && place.lng !== null)
  if (located.length === 0) return nothing
  const points = located.map((place) => ({ place, x: (place.lng + 180) / 360, y: mercator(place.lat) }))
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  // Not closer than a few hundred metres, however near the places are to each other.
  const span = Math.max((right - left) / (width - 2 * margin), (bottom - top) / (height - 2 * margin), 1e-8)
  const [midX, midY] = [(left + right) / 2, (top + bottom) / 2]
  const screenX = (x: number): number => width / 2 + (x - midX) / span
  const screenY = (y: number): number => height / 2 + (y - midY) / span
  const lat = inverseMercator(midY)
  const metresPerPixel = span * earthMetres * Math.cos((lat * Math.PI) / 180)
  const scale = niceBelow(metresPerPixel * 160)
  const step = scale / metresPerPixel
  const lines = (size: number): number[] => Array.from({ length: Math.floor(size / step) + 1 }, (_, at) => at * step)
  const dots = points.map(
    ({ place, x, y }) =>
      html`<a href="#place-${place.id}" aria-label="${place.name}"
        ><circle class="fill ${toneOf(place.status)}" cx="${screenX(x).toFixed(1)}" cy="${screenY(y).toFixed(1)}" r="5"
          ><title>${place.name}, ${place.status}</title></circle
        ></a
      >`,
  )
  return html`<figure class="map">
    <svg viewBox="0 0 ${width} ${height}" role="group" aria-label="Map of ${located.length} places">
      <rect class="map-ground" width="${width}" height="${height}" />
      ${lines(width).map((x) => html`<line class="grid" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="0" y2="${height}" />`)}
      ${lines(height).map((y) => html`<line class="grid" x1="0" x2="${width}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" />`)}
      ${dots}
      <g class="map-scale">
        <line x1="16" x2="${(16 + step).toFixed(1)}" y1="${height - 16}" y2="${height - 16}" />
        <text x="16" y="${height - 24}">${scale >= 1_000 ? `${scale / 1_000} km` : `${scale} m`}</text>
      </g>
    </svg>
    <figcaption>
      Around ${lat.toFixed(3)}°, ${(midX * 360 - 180).toFixed(3)}° · north is up · ${number(located.length)} of
      ${number(places.length)} places have coordinates
    </figcaption>
  </figure>`
}

function mercator(lat: number): number {
  const bounded = (Math.max(-85, Math.min(85, lat)) * Math.PI) / 180
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + bounded / 2)) / (2 * Math.PI)
}

function inverseMercator(y: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI
}

function niceBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([5, 2, 1].find((factor) => factor * power <= value) ?? 1) * power
}
