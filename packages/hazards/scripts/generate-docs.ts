// Writes the pages of docs/hazards from the catalogue; with --check it only says which ones are out of date.
//
//   node packages/hazards/scripts/generate-docs.ts [--check]
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { docsPages } from './docs-pages.ts'

const root = new URL('../../../', import.meta.url)
const folder = new URL('docs/hazards/', root)
const check = process.argv.includes('--check')

mkdirSync(folder, { recursive: true })
const pages = docsPages()
const present = readdirSync(folder).map((name) => `docs/hazards/${name}`)
const surplus = present.filter((path) => !pages.has(path))
const outdated = [...pages].filter(
  ([path, text]) => !present.includes(path) || readFileSync(new URL(path, root), 'utf8') !== text,
)

if (check) {
  const wrong = [...outdated.map(([path]) => path), ...surplus]
  if (wrong.length > 0) {
    process.stderr.write(`Out of date (run node packages/hazards/scripts/generate-docs.ts):\n${wrong.join('\n')}\n`)
    process.exitCode = 1
  }
} else {
  for (const [path, text] of outdated) writeFileSync(new URL(path, root), text)
  for (const path of surplus) rmSync(new URL(path, root))
  process.stdout.write(
    `${String(outdated.length)} written, ${String(surplus.length)} removed in ${fileURLToPath(folder)}\n`,
  )
}
