import { demoHosts } from '@pooler-safe/example-foundation/demo'

/** What `pnpm batch --demo` works on: sites that answer, sites that fail, a name twice, and a line that names no site. */
export const demoLines = [
  ...Array.from({ length: 24 }, (_, at) => `firma-${at + 1}.example`),
  demoHosts.joinery,
  demoHosts.restaurant,
  demoHosts.hotel,
  demoHosts.failing,
  demoHosts.missing,
  `https://www.${demoHosts.joinery}/kontakt`,
  'not a site',
].join('\n')
