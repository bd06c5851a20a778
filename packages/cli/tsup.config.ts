import { defineConfig } from 'tsup'
import { library } from '../../tsup.shared.ts'

export default defineConfig(
  library({
    entry: ['src/index.ts', 'src/bin.ts'],
    dts: { entry: 'src/index.ts' },
    // Commands are loaded when they are asked for: `explain` needs no parser.
    splitting: true,
    // The analysis is taken into the package: whoever audits needs no ESLint, which the plugin has for a peer.
    noExternal: ['eslint-plugin-pooler-safe'],
    esbuildOptions: (options) => {
      options.conditions = ['@pooler-safe/source']
    },
  }),
)
