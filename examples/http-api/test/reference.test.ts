import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { useApi, useApiDatabase } from './api-under-test.ts'
import { documentedOperations, readDocument } from './document.ts'
import { referencePage } from '../src/reference/page.ts'

const database = useApiDatabase()
const under = useApi(() => database.pooledUrl)

test('the reference shows every operation and schema, every link in it leads somewhere, and it runs its own search alone', async () => {
  const { url } = under.current
  const answer = await fetch(`${url}/reference`)
  const html = await answer.text()
  const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  for (const { id } of documentedOperations(await readDocument(url))) expect(ids.has(id), id).toBe(true)
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids.has(target), target).toBe(true)
  expect(ids.size).toBe([...html.matchAll(/ id="/g)].length)

  const policy = answer.headers.get('content-security-policy') ?? ''
  const hashOf = (text = ''): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const scripts = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text]) => hashOf(text))
  expect(scripts).toHaveLength(1)
  expect(policy).toContain(`script-src ${scripts[0] ?? ''};`)
  expect(policy).toContain(`style-src ${hashOf(/<style>([^]*?)<\/style>/.exec(html)?.[1])};`)
  expect(policy).toContain("default-src 'none'")
})

test('what a document says stays text', () => {
  const hostile = '"><script>alert(1)</script>'
  const { html } = referencePage({
    info: { title: hostile, description: hostile },
    paths: {
      [`/${hostile}`]: {
        get: {
          operationId: hostile,
          summary: hostile,
          description: `\`${hostile}\``,
          tags: [hostile],
          parameters: [{ name: hostile, in: hostile, description: hostile, schema: { enum: [hostile] } }],
          responses: { [hostile]: { description: hostile, content: { [hostile]: { schema: { type: hostile } } } } },
        },
      },
    },
    components: { schemas: { [hostile]: { $ref: hostile } } },
  })
  expect(html.match(/<script>/g)).toHaveLength(1)
  expect(html).not.toContain('<script>alert')
})
