import type { CommandDefinition } from '../command-line/options.ts'

export const explainCommand: CommandDefinition = {
  name: 'explain',
  usage: '<hazard | SQLSTATE | "error text">',
  summary: 'Say what a hazard, a SQLSTATE or an error means behind a pooler, and what to do. Works offline.',
  options: {
    json: { description: 'Print JSON.' },
    list: { description: 'List every hazard.' },
  },
  examples: [
    ['pooler-safe explain session-set', 'a hazard, by its id or its code (B1)'],
    ['pooler-safe explain 26000', 'a SQLSTATE'],
    [`pooler-safe explain 'prepared statement "s1" does not exist'`, 'the text of an error'],
    ['journalctl -u api | grep ERROR | tail -1 | pooler-safe explain', 'a line of a log, from standard input'],
  ],
}
