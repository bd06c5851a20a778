import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hono } from 'hono'
import type { DashboardEnv } from '../context.ts'

const folder = join(import.meta.dirname, '../../assets')
const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

export interface Assets {
  /** The address of a file, which changes with its content. */
  readonly urlOf: (name: string) => string
  readonly routes: (app: Hono<DashboardEnv>) => void
}

/** Reads the static files of the dashboard. All of them together share one version, so that modules can import each other. */
export function readAssets(): Assets {
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
  const hash = createHash('sha256')
  for (const [name, content] of files) hash.update(name).update(content)
  const version = hash.digest('base64url').slice(0, 12)
  return {
    urlOf: (name) => `/assets/${version}/${name}`,
    routes: (app) => {
      app.get('/assets/:version/:name', (c) => {
        const name = c.req.param('name')
        const content = files.get(name)
        const type = types[name.split('.').at(-1) ?? '']
        if (!content || type === undefined) return c.text('There is no such file.', 404)
        return c.body(new Uint8Array(content), 200, {
          'content-type': type,
          // A page of an older version may still ask for its files; it gets the present ones, and may not keep them.
          'cache-control': c.req.param('version') === version ? 'public, max-age=31536000, immutable' : 'no-cache',
        })
      })
    },
  }
}
