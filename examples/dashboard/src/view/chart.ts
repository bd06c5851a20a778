import type { Tone } from './badge.ts'
import { html, nothing, raw, type Html } from './html.ts'

export interface Part {
  readonly label: string
  readonly value: number
  readonly tone: Tone
}

/** Shares of a whole as one bar with a legend; its widths are attributes, as the policy allows no inline style. */
export function shareBar(parts: readonly Part[], label: string): Html {
  const total = parts.reduce((sum, { value }) => sum + value, 0)
  let x = 0
  const pieces = parts.map(({ value, tone, label: name }) => {
    if (value === 0 || total === 0) return nothing
    const width = (value / total) * 1_000
    const piece = html`<rect class="fill ${tone}" x="${x.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="10"
      ><title>${name}: ${value.toLocaleString('en')}</title></rect
    >`
    x += width
    return piece
  })
  const described = parts
    .filter(({ value }) => value > 0)
    .map((part) => `${part.value} ${part.label}`)
    .join(', ')
  return html`<svg
    class="share-bar"
    viewBox="0 0 1000 10"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}: ${described || 'nothing yet'}"
  >
    <rect class="track" width="1000" height="10" />
    ${pieces}
  </svg>`
}

/** What the parts of a bar are, with their values. */
export function legend(parts: readonly Part[]): Html {
  return html`<ul class="legend">
    ${parts.map(
      ({ label, value, tone }) =>
        html`<li><span class="badge ${tone}">${label}</span> <b class="num">${value.toLocaleString('en')}</b></li>`,
    )}
  </ul>`
}

export interface Column {
  /** Shown when the column is pointed at, such as `14:05`. */
  readonly label: string
  readonly parts: readonly Part[]
}

export interface ColumnsOptions {
  readonly label: string
  /** What stands below the first and the last column. */
  readonly from: string
  readonly to: string
  readonly unit: string
}

const chartWidth = 600
const chartHeight = 120

/** Stacked columns over time. The numbers are in the titles of the columns and in the description. */
export function columns(data: readonly Column[], { label, from, to, unit }: ColumnsOptions): Html {
  const sums = data.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0))
  const max = niceMaximum(Math.max(1, ...sums))
  const step = chartWidth / Math.max(1, data.length)
  const width = Math.max(1, step - 2)
  const bars = data.map(({ label: name, parts }, at) => {
    let y = chartHeight
    const pieces = parts.map(({ value, tone }) => {
      if (value === 0) return nothing
      const height = Math.max(1, (value / max) * chartHeight)
      y -= height
      return html`<rect
        class="fill ${tone}"
        x="${(at * step + 1).toFixed(1)}"
        y="${y.toFixed(1)}"
        width="${width.toFixed(1)}"
        height="${height.toFixed(1)}"
      />`
    })
    const words = parts.filter(({ value }) => value > 0).map(({ label: part, value }) => `${value} ${part}`)
    return html`<g
      ><rect
        class="hit"
        x="${(at * step).toFixed(1)}"
        y="0"
        width="${step.toFixed(1)}"
        height="${chartHeight}"
      />${pieces}<title>${name}: ${words.join(', ') || 'none'}</title></g
    >`
  })
  const total = sums.reduce((sum, value) => sum + value, 0)
  return html`<figure class="chart">
    <svg
      viewBox="0 0 ${chartWidth} ${chartHeight}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${label}: ${total} ${unit}, at most ${Math.max(0, ...sums)} at a time"
    >
      <line class="grid" x1="0" x2="${chartWidth}" y1="0.5" y2="0.5" />
      <line class="grid" x1="0" x2="${chartWidth}" y1="${chartHeight / 2}" y2="${chartHeight / 2}" />
      ${bars}
      <line class="axis" x1="0" x2="${chartWidth}" y1="${chartHeight - 0.5}" y2="${chartHeight - 0.5}" />
    </svg>
    <span class="chart-max num" aria-hidden="true">${max.toLocaleString('en')}</span>
    <figcaption><span>${from}</span><span>${to}</span></figcaption>
  </figure>`
}

/** Horizontal bars, the longest first: for counts by class. */
export function bars(
  rows: readonly { readonly label: Html | string; readonly value: number; readonly tone?: Tone }[],
): Html {
  const max = Math.max(1, ...rows.map(({ value }) => value))
  return html`<ul class="bars">
    ${rows.map(
      ({ label, value, tone = 'active' }) =>
        html`<li>
          <span class="bars-label">${label}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="track" width="100" height="6" />
            <rect class="fill ${tone}" width="${((value / max) * 100).toFixed(2)}" height="6" />
          </svg>
          <b class="num">${value.toLocaleString('en')}</b>
        </li>`,
    )}
  </ul>`
}

/** The least number of 1, 2, 5, 10, 20 … that is not below. */
export function niceMaximum(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= value) ?? value
}

export interface Figure {
  readonly label: string
  readonly value: Html | string
  /** One short line below. */
  readonly note?: Html | string
  readonly tone?: Tone
}

/** Numbers that are looked at first. */
export function figures(list: readonly Figure[]): Html {
  return html`<dl class="figures">
    ${list.map(
      ({ label, value, note, tone }) =>
        html`<div${raw(tone ? ` class="${tone}"` : '')}>
          <dt>${label}</dt>
          <dd><span class="num">${value}</span>${note ? html`<small>${note}</small>` : nothing}</dd>
        </div>`,
    )}
  </dl>`
}
