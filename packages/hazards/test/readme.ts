import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The example of a package's README: what it says it prints, and what it prints. */
export function runReadme(folder: URL): { readonly promised: readonly string[]; readonly printed: readonly string[] } {
  const example = /```js\n(.*?)```/s.exec(readFileSync(new URL('README.md', folder), 'utf8'))?.[1] ?? ''
  const output = execFileSync(
    process.execPath,
    ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', example],
    { cwd: folder, encoding: 'utf8', env: {} },
  )
  const promised = [...example.matchAll(/^console\.log.* \/\/ (.*)$/gm)].map((line) => line[1] ?? '')
  return { promised, printed: output.trimEnd().split('\n') }
}
