import type { CommandDefinition } from '../command-line/options.ts'

/** Those of the test pooler, written out so that help needs no pooler; a test holds the two against each other. */
const profileNames = [
  'pgbouncer-1.18',
  'pgbouncer-1.25',
  'pgbouncer-statement',
  'supavisor-2.9',
  'supavisor-named',
  'odyssey',
  'pgagroal',
  'strict',
]
const scheduleNames = ['rotate', 'random', 'sticky', 'swap-on-demand', 'one-backend']

export const watchCommand: CommandDefinition = {
  name: 'watch',
  usage: '-- <command>',
  summary: 'Run any program behind a pooler that makes rare bugs certain, and report who left what for whom.',
  details:
    'Starts the pooler in front of DATABASE_URL (or --url, or a PostgreSQL of its own when there is none), leads DATABASE_URL, the PG* variables and every other variable that names the same server (POSTGRES_URL, DB_HOST with DB_PORT, …) to the pooler, and asks every backend after every transaction what is left on it. Variables meant to lead past a pooler (DIRECT_…, …_UNPOOLED, MIGRATION_…) stay as they are. When the command fails, its exit code is kept; else it is 1 when something was found.',
  options: {
    url: {
      value: 'url',
      description: 'The PostgreSQL behind the pooler. Default: DATABASE_URL, or one that is started.',
    },
    env: { value: 'names', multiple: true, description: 'More variables that get the URL of the pooler.' },
    profile: { value: 'name', choices: profileNames, description: 'The pooler to imitate. Default pgbouncer-1.18.' },
    schedule: {
      value: 'name',
      choices: scheduleNames,
      description: 'Which backend a transaction gets. Default rotate.',
    },
    seed: { value: 'n', description: 'Repeat the choices of an earlier run.' },
    'pool-size': { value: 'n', description: 'Transactions at once. Default 4.' },
    mode: {
      value: 'name',
      choices: ['report', 'leak', 'fail'],
      description: 'What to do about residue: clean it (default), leave it, or end the client.',
    },
    format: {
      value: 'name',
      short: 'f',
      choices: ['pretty', 'json', 'junit', 'html'],
      description: 'How to print the report. Default pretty.',
    },
    output: {
      value: 'file',
      short: 'o',
      description: 'Write the report to a file; by default it goes to standard error.',
    },
    'fail-on': {
      value: 'severity',
      choices: ['leak', 'loss', 'wrong', 'hang', 'error', 'perf', 'none'],
      description: 'The mildest severity that makes the exit code 1. Default perf: all.',
    },
    allow: { value: 'file', description: 'JSON: a list of { hazard, sql?, applicationName?, residue?, reason }.' },
  },
  examples: [
    ['pooler-safe watch -- npm test', 'a test suite, in front of DATABASE_URL'],
    ['pooler-safe watch --url postgres://localhost/app -- pytest', 'a program in another language'],
    [`pooler-safe watch --mode leak --schedule one-backend -- node app.js`, 'let leaks reach their victims'],
    ['pooler-safe watch --seed 42 --format junit -o report.xml -- make check', 'repeat a run, for CI'],
  ],
}
