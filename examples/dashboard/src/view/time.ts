import { html, type Html } from './html.ts'
import { none } from './text.ts'

const steps = [
  [60, 'second', 1],
  [3_600, 'minute', 60],
  [86_400, 'hour', 3_600],
  [2_592_000, 'day', 86_400],
  [31_536_000, 'month', 2_592_000],
  [Number.POSITIVE_INFINITY, 'year', 31_536_000],
] as const
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** How long ago, in words. The browser says the same as time goes on (assets/times.js). */
export function ago(time: Date, now = Date.now()): string {
  const seconds = Math.round((time.getTime() - now) / 1_000)
  const size = Math.abs(seconds)
  if (size < 5) return 'now'
  const [, unit, divisor] = steps.find(([limit]) => size < limit) ?? steps[5]
  return relative.format(Math.trunc(seconds / divisor), unit)
}

/** A time as people read it, with the exact one in its title. */
export function when(time: Date | null | undefined): Html {
  if (!time) return none()
  const exact = time.toISOString()
  return html`<time datetime="${exact}" title="${exact.replace('T', ' ').replace('Z', ' UTC')}">${ago(time)}</time>`
}

/** A length of time. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** From the start to the end, or to now. */
export function took(startedAt: Date | null, finishedAt: Date | null): string {
  return startedAt ? duration((finishedAt?.getTime() ?? Date.now()) - startedAt.getTime()) : '–'
}
