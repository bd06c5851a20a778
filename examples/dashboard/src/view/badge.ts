import { html, type Html } from './html.ts'

/** What a colour means. */
export type Tone = 'waiting' | 'active' | 'good' | 'mixed' | 'bad' | 'ended' | 'paused'

const tones: Readonly<Record<string, Tone>> = {
  queued: 'waiting',
  pending: 'waiting',
  running: 'active',
  paused: 'paused',
  succeeded: 'good',
  partial: 'mixed',
  failed: 'bad',
  cancelled: 'ended',
  // Sitemaps
  read: 'good',
  unchanged: 'good',
  skipped: 'ended',
  gone: 'ended',
  // Sites
  live: 'good',
  parked: 'mixed',
  for_sale: 'mixed',
  moved: 'mixed',
  soft_404: 'bad',
  // Health
  good: 'good',
  fair: 'mixed',
  poor: 'bad',
  error: 'bad',
  warning: 'mixed',
  notice: 'waiting',
  none: 'ended',
  // Places
  New: 'active',
  Selected: 'good',
  Maybe: 'mixed',
  'Not a fit': 'bad',
  Archived: 'ended',
  // Differences
  added: 'good',
  removed: 'bad',
  changed: 'mixed',
}

/** What the colour of a state is. */
export function toneOf(state: string): Tone {
  return tones[state] ?? 'waiting'
}

/** A state, by a mark and a word: never by a colour alone. */
export function badge(state: string, text = state.replaceAll('_', ' '), tone = toneOf(state)): Html {
  return html`<span class="badge ${tone}" data-state="${state}">${text}</span>`
}
