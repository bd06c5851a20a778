import type { CommandDefinition } from '../command-line/options.ts'

export const doctorCommand: CommandDefinition = {
  name: 'doctor',
  usage: '<url>',
  summary: 'Examine an endpoint: which pooler and mode, what it accepts and drops, what was left on its backends.',
  details:
    'Every statement runs in a read-only transaction that is rolled back; nothing stays behind. Default: the URL of DATABASE_URL. At most --connections client connections are open at a time.',
  options: {
    json: { description: 'Print JSON.' },
    connections: { value: 'n', description: 'Transactions to hold open at once to meet several backends. Default 3.' },
    timeout: { value: 'ms', description: 'How long one probe may take. Default 5000.' },
  },
  examples: [
    ['pooler-safe doctor postgres://app@db.example:6432/app', 'examine a pooler'],
    ['DATABASE_URL=… pooler-safe doctor --json', 'the same as data; passwords are never printed'],
  ],
}
