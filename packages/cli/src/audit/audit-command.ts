import type { CommandDefinition } from '../command-line/options.ts'

export const auditFormats = ['pretty', 'markdown', 'json', 'sarif', 'github', 'html'] as const
export type AuditFormat = (typeof auditFormats)[number]

export const auditCommand: CommandDefinition = {
  name: 'audit',
  usage: '[paths]',
  summary: 'List every database operation of a code base with its verdict, and report what breaks behind a pooler.',
  details: [
    'Reads JavaScript, TypeScript, .sql, schema.prisma, .env.example, knexfile, ormconfig, drizzle.config, docker-compose and',
    "Supabase's config.toml, below the given paths (default: here), as git has them: ignored files are left out. Settings are",
    'taken from pooler-safe.config.{js,mjs,cjs,json}, or else from `settings["pooler-safe"]` of the ESLint configuration.',
  ].join(' '),
  options: {
    format: { value: 'name', choices: auditFormats, short: 'f', description: 'How to print it. Default pretty.' },
    output: { value: 'file', short: 'o', description: 'Write to a file instead of standard output.' },
    'fail-on': {
      value: 'list',
      multiple: true,
      description:
        'What makes the exit code 1: finding (default), error, none, a verdict (session, tx, txctl, opaque, unknown), a severity (leak, loss, wrong, hang, perf), a rule or a hazard.',
    },
    preset: { value: 'name', choices: ['recommended', 'strict'], description: 'Which rules. Default recommended.' },
    baseline: { value: 'file', description: 'Report only what this file does not have.' },
    'update-baseline': { description: 'Write what is found now to the baseline, and exit with 0.' },
    'changed-since': { value: 'rev', description: 'Only files that differ from this git revision, and new ones.' },
    config: { value: 'file', description: 'Take the settings from this file.' },
    stdin: { description: 'Read one file from standard input; --stdin-path says what it is.' },
    'stdin-path': { value: 'path', description: 'The path of what comes from standard input. Default stdin.ts.' },
    exclude: { value: 'glob', multiple: true, description: 'Leave these files out. May be repeated.' },
    operations: { description: 'Also list the operations without a finding (pretty format).' },
    quiet: { short: 'q', description: 'No progress, no notes.' },
  },
  examples: [
    ['pooler-safe audit', 'everything below this folder'],
    ['pooler-safe audit packages/api --format markdown -o audit.md', 'the inventory of one package, as a document'],
    ['pooler-safe audit --format sarif -o audit.sarif', 'for code scanning'],
    ['pooler-safe audit --baseline .pooler-safe-baseline.json --update-baseline', 'start from what there is'],
    ['pooler-safe audit --changed-since origin/main --format github', 'annotations for a pull request'],
    ['pooler-safe audit --fail-on session,unknown', 'fail only for session state, and for SQL nobody can read'],
  ],
}
