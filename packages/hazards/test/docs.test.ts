import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { docsPages } from '../scripts/docs-pages.ts'

const root = new URL('../../../', import.meta.url)

// The same comparison as `generate-docs.ts --check`, without a child process that has to run TypeScript.
test('the pages of docs/hazards are those that the catalogue makes, and no others', () => {
  const pages = docsPages()
  const present = readdirSync(new URL('docs/hazards/', root)).map((name) => `docs/hazards/${name}`)
  expect(new Set(present)).toEqual(new Set(pages.keys()))
  for (const [path, text] of pages) {
    expect(readFileSync(new URL(path, root), 'utf8') === text, `${path} is out of date: run generate-docs.ts`).toBe(
      true,
    )
  }
})

test('every table row has as many cells as its head', () => {
  for (const [path, text] of docsPages()) {
    let cells = 0
    for (const line of text.split('\n')) {
      const found = line.startsWith('|') ? line.replaceAll('\\|', '').split('|').length : 0
      if (found > 0 && cells > 0) expect(found, `${path}: ${line}`).toBe(cells)
      cells = found
    }
  }
})
