import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The examples of a package's README, and the files they are taken from. */
export interface ReadmeExamples {
  /** The TypeScript blocks of the README, in order. */
  readonly blocks: readonly string[]
  /** What stands between `// #region` and `// #endregion` in `readme/<name>.ts`, by name. */
  readonly regions: ReadonlyMap<string, string>
  /** The TypeScript blocks of the docstrings in the package's source. */
  readonly docstrings: readonly string[]
}

/**
 * Reads the README of the package that a test folder belongs to, and the files in `readme` beside the tests. A README
 * cannot be type-checked or run; those files can, and README and docstrings have to repeat them letter by letter.
 */
export function readmeExamples(testFolder: string): ReadmeExamples {
  const readme = readFileSync(join(testFolder, '../README.md'), 'utf8')
  const folder = join(testFolder, 'readme')
  const regions = readdirSync(folder).flatMap((file) => {
    const region = /^\/\/ #region\n(.*?)\n\/\/ #endregion$/ms.exec(readFileSync(join(folder, file), 'utf8'))?.[1]
    return region === undefined ? [] : ([[file.replace(/\.ts$/, ''), region]] as const)
  })
  return {
    blocks: [...readme.matchAll(/^```ts\n(.*?)\n```$/gms)].map(([, code]) => code ?? ''),
    regions: new Map(regions),
    docstrings: readdirSync(join(testFolder, '../src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => docstringBlocks(readFileSync(join(testFolder, '../src', file), 'utf8'))),
  }
}

function docstringBlocks(source: string): string[] {
  const blocks = source.matchAll(/^ *\* ```ts\n(.*?)\n *\* ```$/gms)
  return [...blocks].map(([, lines]) => (lines ?? '').replaceAll(/^ *\* ?/gm, ''))
}
