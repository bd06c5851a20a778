import { defineConfig } from 'tsup'
import { library } from '../../tsup.shared.ts'

// `require('eslint-plugin-pooler-safe')` is the plugin itself, as eslint.config.cjs expects it. Rollup, which shakes trees, would
// do the same once more, and leave nothing.
export default defineConfig(library({ entry: ['src/index.ts', 'src/analysis.ts'], cjsInterop: true, treeshake: false }))
