import type { CommandDefinition } from '../command-line/options.ts'

export const initCommand: CommandDefinition = {
  name: 'init',
  usage: '',
  summary: 'Set up the linter, the audit and CI in the package of this folder.',
  details: [
    'Adds the preset to eslint.config.{js,mjs,cjs,ts,mts} (or makes one), a pooler-safe.config.json, scripts to package.json and,',
    'with --ci, a workflow. Asks nothing and overwrites nothing: what cannot be added safely is printed, to be put in by hand.',
  ].join(' '),
  options: {
    ci: { value: 'name', choices: ['github'], description: 'Also make a workflow that audits each pull request.' },
    'dry-run': { description: 'Change no file; print what would be written.' },
  },
  examples: [
    ['pooler-safe init --dry-run', 'see what it would do'],
    ['pooler-safe init --ci github', 'and a workflow for GitHub Actions'],
  ],
}
