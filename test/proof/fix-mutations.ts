import type { Mutation } from './mutations.ts'

const fix = 'packages/cli/src/fix'
const tests = 'packages/cli/test/fix'

const guards = [`${tests}/guards.test.ts`]
const command = [`${tests}/fix.test.ts`]
const codemod = [`${tests}/codemod.test.ts`]

/** The guards of `pooler-safe fix`: what its README says that it never does. */
export const fixMutations: readonly Mutation[] = [
  {
    id: 'fix-unparsed',
    removes: 'fixes that would not parse are left away',
    invariants: ['fix: every file parses'],
    file: `${fix}/fix-text.ts`,
    anchor: 'if (text !== given && !parsesAsBefore(path, given, text)) {',
    replacement: 'if (text.length < 0) {',
    tests: guards,
  },
  {
    id: 'fix-proposal-unparsed',
    removes: 'proposals that would not parse are left out of the patch',
    invariants: ['fix: every file parses'],
    file: `${fix}/fix-text.ts`,
    anchor: 'parsesAsBefore(path, text, apply(text, some))',
    replacement: 'some.length >= 0',
    tests: guards,
  },
  {
    id: 'fix-overlapping',
    removes: 'of edits that overlap only the first is made',
    invariants: ['fix: every file parses'],
    file: `${fix}/apply-edits.ts`,
    anchor: 'if (edits.some((edit) => taken.some((other) => overlaps(edit, other)))) return false',
    replacement: '',
    tests: guards,
  },
  {
    id: 'fix-changed-meanwhile',
    removes: 'a file that was changed since it was read is not written',
    invariants: ['fix: nothing is lost'],
    file: `${fix}/editable-file.ts`,
    anchor: `if (!readFileSync(path).equals(file.bytes)) throw new NotWritten('it was changed by somebody else meanwhile')`,
    replacement: '',
    tests: guards,
  },
  {
    id: 'fix-encoding-lossy',
    removes: 'a sign that the encoding does not have is refused',
    invariants: ['fix: nothing is lost'],
    file: `${fix}/editable-file.ts`,
    anchor: `if ('refused' in again || again.text !== text)`,
    replacement: `if ('refused' in again)`,
    tests: guards,
  },
  {
    id: 'fix-mode-lost',
    removes: 'the mode of a file stays',
    invariants: ['fix: nothing is lost'],
    file: `${fix}/editable-file.ts`,
    anchor: 'chmodSync(temporary, mode & 0o7777)',
    replacement: 'chmodSync(temporary, 0o644)',
    tests: command,
  },
  {
    id: 'fix-read-only',
    removes: 'a read-only file is left alone',
    invariants: ['fix: nothing is lost'],
    file: `${fix}/editable-file.ts`,
    anchor: `if ((mode & 0o222) === 0) throw new NotWritten('it is read-only')`,
    replacement: '',
    tests: command,
  },
  {
    id: 'fix-dirty',
    removes: 'files that git has no copy of are refused',
    invariants: ['fix: nothing is lost'],
    file: `${fix}/run-fix.ts`,
    anchor: 'if (dirty.length > 0) {',
    replacement: 'if (dirty.length < 0) {',
    tests: command,
  },
  {
    id: 'codemod-calls',
    removes: 'calls that may use the database keep a block from becoming a transaction',
    invariants: ['codemod: the same meaning'],
    file: `${fix}/codemod/call-doubts.ts`,
    anchor: 'if (!isHarmless(node, facts))',
    replacement: 'if (!isHarmless(node, facts) && line === "")',
    tests: codemod,
  },
  {
    id: 'codemod-statements',
    removes: 'only statements that can be read belong inside a transaction',
    invariants: ['codemod: the same meaning'],
    file: `${fix}/codemod/transaction-block.ts`,
    anchor: `const belongs = statement?.command === 'other' && (statement.verdict === 'safe' || statement.verdict === 'tx')`,
    replacement: `const belongs = statement?.command !== 'begin'`,
    tests: codemod,
  },
  {
    id: 'codemod-single-statements',
    removes: 'only one statement that stands for itself goes to db.query',
    invariants: ['codemod: the same meaning'],
    file: `${fix}/codemod/plain-query.ts`,
    anchor: `return statement?.verdict === 'safe' && (statement.command === 'other' || statement.command === 'no-transaction')`,
    replacement: `return statement?.verdict !== 'txctl' || statement.command === 'other'`,
    tests: codemod,
  },
  {
    id: 'codemod-values',
    removes: 'only what is shown to be a value becomes a parameter',
    invariants: ['codemod: the same meaning'],
    file: `${fix}/codemod/convert-postgres.ts`,
    anchor: 'if (!isValue(hole, facts))',
    replacement: 'if (!isValue(hole, facts) && facts.text.length < 0)',
    tests: codemod,
  },
  {
    id: 'codemod-importers',
    removes: 'a pool stays one for files that cannot be followed',
    invariants: ['codemod: the same meaning'],
    file: `${fix}/codemod/convert-pools.ts`,
    anchor: 'const staysPool = problems.length > 0',
    replacement: 'const staysPool = problems.length < 0',
    tests: codemod,
  },
]
