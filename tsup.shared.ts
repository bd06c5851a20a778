import type { Options } from 'tsup'

/** How every published package is built: ESM and CommonJS with declarations, for the oldest supported Node. */
export function library(overrides: Options = {}): Options {
  return {
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    target: 'node20.19',
    dts: true,
    clean: true,
    sourcemap: true,
    splitting: false,
    shims: false,
    treeshake: true,
    ...overrides,
  }
}
