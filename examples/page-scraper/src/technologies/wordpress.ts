import type { Resource } from './detect.ts'
import type { DetectedTechnology } from './technology.ts'

const part = /\/wp-content\/(theme|plugin)s\/([\w.-]{1,80})\//
const mostParts = 60

/** The theme and the plugins of a WordPress site, by the files that it serves from their folders. */
export function wordPressParts(resources: readonly Resource[], coreVersion: string | undefined): DetectedTechnology[] {
  const parts = new Map<string, DetectedTechnology>()
  for (const { url, isOwn } of resources) {
    const [, kind, slug] = (isOwn ? part.exec(url) : null) ?? []
    if (kind === undefined || slug === undefined || parts.size >= mostParts) continue
    const name = `WordPress ${kind}: ${slug.toLowerCase()}`
    const given = new URL(url).searchParams.get('ver') ?? ''
    // Without a version of its own a file is given WordPress's.
    const version = /^\d[\d.]{0,14}$/.test(given) && given !== coreVersion ? given : undefined
    const known = parts.get(name)
    if (known?.version !== undefined) continue
    const evidence = known?.evidence ?? [`resource: ${url.slice(0, 150)}`]
    parts.set(name, { name, category: `wordpress ${kind}`, version, confidence: 0.9, evidence })
  }
  return [...parts.values()]
}
