import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { webAssembly, type WasmModule } from './web-assembly.ts'

/** The one build of libpg-query that `host.ts` knows the names of: 18.1.5 (PostgreSQL 18.4). */
export const wasmSha256 = '378b64e6182f65c71ad5dbd2c31c81e9dfed7d2f2debfb4b51c0d0de8fa2ae36'

/**
 * Reads and compiles the parser that the `libpg-query` package brings along. Synchronous: about 20 ms.
 *
 * Throws when the package is missing, or is another version than the one this package was built for.
 */
export function compileParser(): WasmModule {
  const path = createRequire(import.meta.url).resolve('libpg-query/wasm/libpg-query.wasm')
  const bytes = readFileSync(path)
  // Loaded with the parser and not with this module: most runs of a linter never ask the grammar.
  const { createHash } = process.getBuiltinModule('node:crypto')
  if (createHash('sha256').update(bytes).digest('hex') !== wasmSha256) {
    throw new Error(
      'The installed libpg-query is not version 18.1.5, which @pooler-safe/sql-grammar is built for. ' +
        'Remove the override that replaces it.',
    )
  }
  return new webAssembly.Module(bytes)
}
