// Writes docs/rules and oxlint.json from the rules; with --check it only says which files are out of date.
//
//   node --conditions=@pooler-safe/source packages/eslint-plugin/scripts/generate-docs.ts [--check]
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { generatedFiles } from './rule-pages.ts'

const root = new URL('../../../', import.meta.url)
mkdirSync(new URL('docs/rules/', root), { recursive: true })
const outdated = [...generatedFiles()].filter(([path, text]) => {
  const url = new URL(path, root)
  return !existsSync(url) || readFileSync(url, 'utf8') !== text
})
if (process.argv.includes('--check')) {
  if (outdated.length > 0) {
    process.stderr.write(`Out of date:\n${outdated.map(([path]) => path).join('\n')}\n`)
    process.exitCode = 1
  }
} else {
  for (const [path, text] of outdated) writeFileSync(new URL(path, root), text)
  process.stdout.write(`${String(outdated.length)} written\n`)
}
