import type { Step, Surroundings } from './step.ts'

const file = '.github/workflows/pooler-safe.yml'

const installs: Readonly<Record<Surroundings['packageManager'], readonly string[]>> = {
  npm: ['npm ci'],
  pnpm: ['corepack enable', 'pnpm install --frozen-lockfile'],
  yarn: ['corepack enable', 'yarn install --immutable'],
  bun: ['npm install --global bun', 'bun install --frozen-lockfile'],
}

/** A workflow that annotates pull requests and keeps the whole list for code scanning. */
export function workflowStep({ has, packageManager }: Surroundings): Step {
  if (has(file)) return { kind: 'keep', file, why: 'it is there' }
  const text = `name: pooler-safe
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
  security-events: write
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          # --changed-since compares with the branch that the pull request goes to.
          fetch-depth: 0
      - uses: actions/setup-node@v4
        with:
          node-version: 22
${installs[packageManager].map((command) => `      - run: ${command}`).join('\n')}
      - name: Everything, for code scanning
        run: npx --no pooler-safe audit --format sarif --output pooler-safe.sarif --fail-on none
      - uses: github/codeql-action/upload-sarif@v3
        with:
          sarif_file: pooler-safe.sarif
      - name: What this pull request changes
        if: github.event_name == 'pull_request'
        run: npx --no pooler-safe audit --format github --changed-since "origin/\${{ github.base_ref }}"
`
  return { kind: 'create', file, text }
}
