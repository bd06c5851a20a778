import { defineConfig } from 'tsup'
import { library } from '../../tsup.shared.ts'

export default defineConfig(
  library({
    entry: ['src/index.ts', 'src/analysis.ts'],
    // `require('eslint-plugin-pooler-safe')` is the plugin itself, as eslint.config.cjs expects it. The option makes the
    // declarations say so; for code it works only with Rollup, and then twice.
    cjsInterop: true,
    treeshake: false,
    // `import.meta.url` in CommonJS.
    shims: true,
    footer: ({ format }) =>
      format === 'cjs' ? { js: 'if (module.exports.default) module.exports = module.exports.default;' } : {},
  }),
)
