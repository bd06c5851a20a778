import { defineConfig } from 'tsup'
import { library } from '../../tsup.shared.ts'

export default defineConfig(
  library({
    entry: {
      index: 'src/index.ts',
      otel: 'src/telemetry/otel.ts',
      pg: 'src/drop-in/pg.ts',
      register: 'src/drop-in/register.ts',
      slonik: 'src/drop-in/slonik.ts',
    },
    // The subpaths use the classes of the main entry, so that there is one copy of them.
    external: ['pooler-safe'],
  }),
)
