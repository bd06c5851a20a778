import { hazard, type HazardId } from '@pooler-safe/hazards'

/** What a hazard is called, to be read in the middle of a message. */
export function hazardTitle(id: HazardId): string {
  return hazard(id).title
}

/** What to do instead: the first sentence of the catalogue's first alternative. */
export function hazardHint(id: HazardId): string {
  const [{ note }] = hazard(id).alternatives
  return /^.*?[.!?](?=\s|$)/s.exec(note)?.[0] ?? note
}
