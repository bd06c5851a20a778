import { catalogue, classifyError, type ErrorClassification, type Hazard } from '@pooler-safe/hazards'
import { closest } from '../command-line/closest.ts'

/** How sure it is that a hazard is meant. */
export interface Lead {
  readonly hazard: Hazard
  /** The symptom of the catalogue that fits, if one does. */
  readonly symptom?: string
}

export type Explanation =
  /** A hazard was named. */
  | { readonly kind: 'hazard'; readonly hazard: Hazard }
  /** A SQLSTATE: what it means depends on who sent it. */
  | {
      readonly kind: 'sqlstate'
      readonly sqlState: string
      readonly classification: ErrorClassification
      readonly leads: readonly Lead[]
    }
  /** The text of an error that is known. */
  | { readonly kind: 'error'; readonly classification: ErrorClassification; readonly leads: readonly Lead[] }
  /** Nothing is known; what comes nearest. */
  | { readonly kind: 'nearest'; readonly leads: readonly Lead[] }

const mostLeads = 5

/** Says what a hazard, a SQLSTATE or an error text means, from the catalogue alone. */
export function explain(text: string): Explanation {
  const named = findHazard(text)
  if (named) return { kind: 'hazard', hazard: named }
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(text)) return explainSqlState(text)
  const leads = leadsFor(text)
  const classification = classifyError(errorOf(text))
  if (classification.condition !== 'unrecognised' || leads.length > 0) {
    return { kind: 'error', classification, leads: withHazardOf(classification, leads) }
  }
  return { kind: 'nearest', leads: nearest(text) }
}

/** By id, by code (`B1`), or by the address of its page. */
function findHazard(text: string): Hazard | undefined {
  const name = /(?:^|\/)([\w-]+)(?:\.md)?$/.exec(text)?.[1]?.toLowerCase()
  return catalogue.find(({ code, id }) => id === name || code.toLowerCase() === name)
}

function explainSqlState(sqlState: string): Explanation {
  const classification = classifyError({ code: sqlState, message: '' })
  const leads = catalogue
    .flatMap((entry) =>
      entry.symptoms
        .filter((symptom) => symptom.sqlState === sqlState)
        .slice(0, 1)
        .map(({ pattern }): Lead => ({ hazard: entry, symptom: pattern })),
    )
    .slice(0, mostLeads * 2)
  if (leads.length === 0 && classification.condition === 'unrecognised')
    return { kind: 'nearest', leads: nearest(sqlState) }
  return { kind: 'sqlstate', sqlState, classification, leads: withHazardOf(classification, leads) }
}

/** A log line as an error: what stands before the message names its level and its SQLSTATE. */
function errorOf(text: string): Readonly<Record<string, unknown>> {
  const level = /\b(FATAL|ERROR|PANIC|WARNING|NOTICE)\b(?:[ :]+([0-9A-Z]{5})\b)?:?\s*/.exec(text)
  const code = level?.[2] ?? /\b(?:SQLSTATE|code)[ :='"(]*([0-9A-Z]{5})\b/i.exec(text)?.[1]
  const message = level ? text.slice(level.index + level[0].length) : text.replace(/^(?:\w*error|\w*Error):\s*/, '')
  return {
    message,
    ...(level && level[1] !== 'ERROR' && { severity: level[1] }),
    ...(code !== undefined && { code }),
  }
}

function leadsFor(text: string): readonly Lead[] {
  return catalogue
    .flatMap((entry) => {
      const symptom = entry.symptoms.find(({ pattern }) => new RegExp(pattern, 'i').test(text))
      return symptom ? [{ hazard: entry, symptom: symptom.pattern }] : []
    })
    .slice(0, mostLeads)
}

function withHazardOf({ hazard: id }: ErrorClassification, leads: readonly Lead[]): readonly Lead[] {
  const meant = catalogue.find((entry) => entry.id === id)
  if (!meant) return leads
  const known = leads.find(({ hazard }) => hazard.id === meant.id)
  return [known ?? { hazard: meant }, ...leads.filter(({ hazard }) => hazard.id !== meant.id)]
}

/** The hazards that share the most telling words with a text. */
function nearest(text: string): readonly Lead[] {
  const ids = closest(
    text,
    catalogue.map(({ id }) => id),
    mostLeads,
  )
  const wanted = words(text)
  const rarity = new Map<string, number>()
  const sets = catalogue.map((entry) => {
    const set = words(
      [
        entry.id,
        entry.title,
        entry.summary,
        ...entry.symptoms.map(({ pattern }) => pattern),
        ...entry.alternatives.map(({ note }) => note),
      ].join(' '),
    )
    for (const word of set) rarity.set(word, (rarity.get(word) ?? 0) + 1)
    return { entry, set }
  })
  const scored = sets
    .map(({ entry, set }) => ({
      entry,
      score:
        (ids.includes(entry.id) ? 10 : 0) +
        [...wanted].reduce(
          (sum, word) => sum + (set.has(word) ? Math.log(catalogue.length / (rarity.get(word) ?? 1)) : 0),
          0,
        ),
    }))
    .filter(({ score }) => score > 1)
    .sort((a, b) => b.score - a.score)
  return scored.slice(0, mostLeads).map(({ entry }) => ({ hazard: entry }))
}

function words(text: string): ReadonlySet<string> {
  return new Set(
    (text.toLowerCase().match(/[a-z_]{3,}|\d{4,}/g) ?? []).flatMap((word) => [word, word.replace(/s$/, '')]),
  )
}
