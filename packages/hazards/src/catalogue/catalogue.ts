import { hazardIds } from '../hazard.ts'
import type { HazardCode, HazardGroup, HazardId } from '../hazard.ts'
import type { Hazard, HazardText } from './entry.ts'
import { groupA } from './group-a.ts'
import { groupB } from './group-b.ts'
import { groupC } from './group-c.ts'
import { groupD } from './group-d.ts'
import { groupE } from './group-e.ts'
import { groupF } from './group-f.ts'
import { groupG } from './group-g.ts'
import { groupH } from './group-h.ts'
import { groupI } from './group-i.ts'
import { groupJ } from './group-j.ts'
import { groupL } from './group-l.ts'

const texts: Readonly<Record<HazardCode, HazardText>> = {
  ...groupA,
  ...groupB,
  ...groupC,
  ...groupD,
  ...groupE,
  ...groupF,
  ...groupG,
  ...groupH,
  ...groupI,
  ...groupJ,
  ...groupL,
}

/** Every hazard known, in the order of the codes. */
export const catalogue: readonly Hazard[] = (Object.keys(hazardIds) as HazardCode[]).map((code) => ({
  code,
  id: hazardIds[code],
  group: code.charAt(0) as HazardGroup,
  ...texts[code],
}))

const byId: ReadonlyMap<HazardId, Hazard> = new Map(catalogue.map((entry) => [entry.id, entry]))

/** The hazard with an id. Throws a `RangeError` for an id that does not exist (possible only past the types). */
export function hazard(id: HazardId): Hazard {
  const found = byId.get(id)
  if (!found) throw new RangeError(`There is no hazard "${id}" in the catalogue.`)
  return found
}

/** Where the pages of the catalogue are: a path in the repository. */
const docsBase = 'docs/hazards'

/** Where the page of a hazard is. */
export function hazardDocsUrl(id: HazardId): string {
  return `${docsBase}/${id}.md`
}
