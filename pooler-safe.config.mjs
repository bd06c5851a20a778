// What the audit and the linter know about this repository. `pooler-safe audit` reads it by its name, eslint.config.mjs imports it.
export default {
  wrapper: [
    'pooler-safe',
    // The wrapper itself.
    '**/packages/pooler-safe/src/**',
    // The judge: it shares no code with what it judges, and reads what clients left on backends with a driver of its own.
    '**/packages/testkit/src/**',
    // The doctor looks at what a raw client meets; through a guarded one it would see nothing.
    '**/packages/cli/src/doctor/**',
  ],
  sessionMode: {
    files: [
      // It is the pooler: its connections lead to PostgreSQL itself, and what it leaves there is its own business.
      '**/packages/testkit/src/**',
      // Listening and sessions on `directUrl`, which is found to give a session before it is used.
      '**/packages/pooler-safe/src/direct/**',
    ],
  },
  exclude: [
    // Tests prove what the hazards do and what the guards refuse: they are hazardous on purpose. So is what they start.
    '**/test/**',
    // Measures raw drivers beside the wrapper.
    'bench/**',
    // The bad code that the rules and the codemod are shown with.
    '**/fixtures/**',
    // Data, not calls: the SQL that the catalogue warns of.
    'packages/hazards/src/catalogue/**',
    // Data, not calls: what the panel of the pooler lets people try, and sees refused.
    'examples/dashboard/src/pooler/hazard-trials.ts',
  ],
}
