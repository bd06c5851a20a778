/** How often a page changes, as the sitemap claims. */
export const changefreqs = ['always', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'never'] as const

export type Changefreq = (typeof changefreqs)[number]

/** One URL of a sitemap, with what the sitemap says about it. */
export interface SitemapEntry {
  /** Absolute, as the URL standard writes it, without a fragment. */
  readonly url: string
  /** As it stands in the file. */
  readonly lastmod: string | null
  /** What `lastmod` means; null when there is none or it is no date. */
  readonly lastmodAt: Date | null
  readonly changefreq: Changefreq | null
  readonly priority: number | null
  readonly images: number
  readonly videos: number
  readonly news: number
  readonly hreflangs: number
}

/** One sitemap that an index names. */
export interface SitemapChild {
  readonly url: string
  readonly lastmod: string | null
  readonly lastmodAt: Date | null
}

const w3cDate =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d{2}):(\d{2})))?)?)?$/

/** Reads a W3C date or time, as sitemaps have to write it: a year, a month, a day, or a time with its zone. */
export function parseW3cDate(text: string): Date | undefined {
  const found = w3cDate.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = found
  const number = (digits: string | undefined, absent = 0): number => (digits === undefined ? absent : Number(digits))
  const at = new Date(0)
  at.setUTCFullYear(number(year), number(month, 1) - 1, number(day, 1))
  // The 31st of February would become a day in March.
  if (at.getUTCMonth() !== number(month, 1) - 1 || at.getUTCDate() !== number(day, 1)) return undefined
  if (number(hour) > 23 || number(minute) > 59 || number(second) > 60) return undefined
  if (number(zoneHour) > 23 || number(zoneMinute) > 59) return undefined
  at.setUTCHours(number(hour), number(minute), number(second), Math.floor(Number(`0.${fraction ?? '0'}`) * 1000))
  const zone = (number(zoneHour) * 60 + number(zoneMinute)) * (sign === '-' ? -1 : 1)
  const time = at.getTime() - zone * 60_000
  return isStorable(time) ? new Date(time) : undefined
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const rfc822Date =
  /^(?:[a-z]{3},\s*)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?\s+([+-]\d{4}|[a-z]{1,4})$/i
const namedZones: Readonly<Record<string, number>> = {
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
}

/** Reads a date of RSS: RFC 822 with a year of four digits. */
export function parseRfc822Date(text: string): Date | undefined {
  const [, day = '', month = '', year = '', hour = '', minute = '', second = '0', zone = ''] =
    rfc822Date.exec(text) ?? []
  const monthIndex = months.indexOf(month.toLowerCase())
  if (monthIndex < 0) return undefined
  const at = new Date(Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second)))
  if (at.getUTCDate() !== Number(day) && Number(hour) < 24) return undefined
  const numeric = /^([+-])(\d{2})(\d{2})$/.exec(zone)
  const minutes = numeric
    ? (Number(numeric[2]) * 60 + Number(numeric[3])) * (numeric[1] === '-' ? -1 : 1)
    : (namedZones[zone.toLowerCase()] ?? 0)
  const time = at.getTime() - minutes * 60_000
  return isStorable(time) ? new Date(time) : undefined
}

/** Years that PostgreSQL and every reader of ISO 8601 agree on. */
function isStorable(time: number): boolean {
  return time >= Date.UTC(1, 0) && time < Date.UTC(10_000, 0)
}

export function readChangefreq(text: string): Changefreq | undefined {
  const lower = text.toLowerCase()
  return changefreqs.find((one) => one === lower)
}

/** A number from 0 to 1. */
export function readPriority(text: string): number | undefined {
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(text)) return undefined
  const value = Number(text)
  return value <= 1 ? value : undefined
}
