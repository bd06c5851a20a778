import { defineConfig } from 'tsup'
import { library } from '../../tsup.shared.ts'

// The launcher looks for the embedded binaries from its own place: CommonJS needs a stand-in for `import.meta.url`.
export default defineConfig(library({ entry: ['src/index.ts', 'src/vitest.ts'], shims: true }))
