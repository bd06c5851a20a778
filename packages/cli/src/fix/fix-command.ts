import type { CommandDefinition } from '../command-line/options.ts'

const codemods = ['create-database']

export const fixCommand: CommandDefinition = {
  name: 'fix',
  usage: '[paths]',
  summary: 'Apply the fixes that cannot change what the code means, and show the others as a patch to review.',
  details: [
    'Finds what audit finds, in the same files and with the same settings. What is provably safe is written, each file in one',
    'step, with its encoding, line ends and mode; every file still parses afterwards. What may change the meaning is printed',
    'as a patch for `git apply`, or written with --patch. Files with changes that are not committed are not touched.',
    'Exit code 1: something is left for a person to judge (with --check: something could be fixed).',
  ].join(' '),
  options: {
    codemod: {
      value: 'name',
      choices: codemods,
      description:
        'Rewrite pools of pg and postgres.js to the safe session first, where the control flow proves the same meaning.',
    },
    patch: { value: 'file', description: 'Write the patch of suggestions to a file instead of standard output.' },
    'dry-run': { description: 'Change no file; print the fixes as a patch, too.' },
    check: { description: 'Change no file, print no patch; exit with 1 if there is something to fix.' },
    'allow-dirty': { description: 'Also change files with changes that are not committed.' },
    preset: { value: 'name', choices: ['recommended', 'strict'], description: 'Which rules. Default recommended.' },
    'changed-since': { value: 'rev', description: 'Only files that differ from this git revision, and new ones.' },
    config: { value: 'file', description: 'Take the settings from this file.' },
    exclude: { value: 'glob', multiple: true, description: 'Leave these files out. May be repeated.' },
    quiet: { short: 'q', description: 'No progress, no notes.' },
  },
  examples: [
    ['pooler-safe fix', 'everything below this folder'],
    ['pooler-safe fix --dry-run', 'only show what would be changed'],
    ['pooler-safe fix src --patch review.patch && git apply review.patch', 'take the suggestions, too'],
    ['pooler-safe fix --codemod create-database', 'from `new Pool()` and `postgres()` to the safe session'],
    ['pooler-safe fix --check', 'in CI: nothing may be left that the program can fix'],
  ],
}
