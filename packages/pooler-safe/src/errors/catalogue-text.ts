import type { HazardId } from '@pooler-safe/hazards'

export function hazardTitle(id: HazardId): string {
  return id
}
export function hazardHint(_id: HazardId): string | undefined {
  return undefined
}
export function hazardDocsUrl(_id: HazardId): string | undefined {
  return undefined
}
