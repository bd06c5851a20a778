import { analyzeSql } from '@pooler-safe/hazards'
import { analyzeTree } from '@pooler-safe/sql-grammar'
import { describe, expect, test } from 'vitest'
import { compare } from './compare.ts'
import { mutate } from './mutate.ts'
import { expandPattern, readCorpus } from './patterns.ts'
import { Random } from './random.ts'

/** Mutants that have to be valid SQL; `AGREEMENT_MUTANTS` and `AGREEMENT_SEED` make longer runs. */
const wantedMutants = Number(process.env['AGREEMENT_MUTANTS'] ?? 200_000)
const firstSeed = Number(process.env['AGREEMENT_SEED'] ?? 1)

/** Every kind of statement that PostgreSQL 18's grammar knows, by its node. */
const statementKinds =
  'AlterCollationStmt AlterDatabaseRefreshCollStmt AlterDatabaseSetStmt AlterDatabaseStmt AlterDefaultPrivilegesStmt ' +
  'AlterDomainStmt AlterEnumStmt AlterEventTrigStmt AlterExtensionContentsStmt AlterExtensionStmt AlterFdwStmt ' +
  'AlterForeignServerStmt AlterFunctionStmt AlterObjectDependsStmt AlterObjectSchemaStmt AlterOpFamilyStmt ' +
  'AlterOperatorStmt AlterOwnerStmt AlterPolicyStmt AlterPublicationStmt AlterRoleSetStmt AlterRoleStmt AlterSeqStmt ' +
  'AlterStatsStmt AlterSubscriptionStmt AlterSystemStmt AlterTSConfigurationStmt AlterTSDictionaryStmt ' +
  'AlterTableMoveAllStmt AlterTableSpaceOptionsStmt AlterTableStmt AlterTypeStmt AlterUserMappingStmt CallStmt ' +
  'CheckPointStmt ClosePortalStmt ClusterStmt CommentStmt CompositeTypeStmt ConstraintsSetStmt CopyStmt CreateAmStmt ' +
  'CreateCastStmt CreateConversionStmt CreateDomainStmt CreateEnumStmt CreateEventTrigStmt CreateExtensionStmt ' +
  'CreateFdwStmt CreateForeignServerStmt CreateForeignTableStmt CreateFunctionStmt CreateOpClassStmt ' +
  'CreateOpFamilyStmt CreatePLangStmt CreatePolicyStmt CreatePublicationStmt CreateRangeStmt CreateRoleStmt ' +
  'CreateSchemaStmt CreateSeqStmt CreateStatsStmt CreateStmt CreateSubscriptionStmt CreateTableAsStmt ' +
  'CreateTableSpaceStmt CreateTransformStmt CreateTrigStmt CreateUserMappingStmt CreatedbStmt DeallocateStmt ' +
  'DeclareCursorStmt DefineStmt DeleteStmt DiscardStmt DoStmt DropOwnedStmt DropRoleStmt DropStmt ' +
  'DropSubscriptionStmt DropTableSpaceStmt DropUserMappingStmt DropdbStmt ExecuteStmt ExplainStmt FetchStmt ' +
  'GrantRoleStmt GrantStmt ImportForeignSchemaStmt IndexStmt InsertStmt ListenStmt LoadStmt LockStmt MergeStmt ' +
  'NotifyStmt PrepareStmt ReassignOwnedStmt RefreshMatViewStmt ReindexStmt RenameStmt RuleStmt SecLabelStmt SelectStmt ' +
  'TransactionStmt TruncateStmt UnlistenStmt UpdateStmt VacuumStmt VariableSetStmt VariableShowStmt ViewStmt'

const corpus = readCorpus()
const compared = new Map<string, ReturnType<typeof compare>>()
for (const texts of corpus.values()) for (const text of texts) compared.set(text, compare(text))
const valid = [...compared].filter(([, { relation }]) => relation !== 'invalid').map(([text]) => text)

function report(line: string): void {
  process.stdout.write(`agreement: ${line}\n`)
}

describe('the token level against PostgreSQL’s grammar', () => {
  test('the corpus has at least 1,500 valid statements of every kind of the grammar', () => {
    const kinds = new Set<string>()
    for (const { tree } of compared.values()) for (const { type } of tree?.statements ?? []) kinds.add(type)
    report(`${valid.length} valid statements, ${kinds.size} kinds, ${corpus.size} files`)
    expect(valid.length).toBeGreaterThanOrEqual(1500)
    expect(statementKinds.split(' ').filter((kind) => !kinds.has(kind))).toEqual([])
  })

  test('most of the corpus is valid: a broken pattern would go unnoticed otherwise', () => {
    const shares = [...corpus].map(([file, texts]) => {
      const good = texts.filter((text) => compared.get(text)?.relation !== 'invalid').length
      return { file, share: good / texts.length }
    })
    expect(shares.filter(({ share }) => share < 0.6)).toEqual([])
  })

  test('the token level is never more lenient on the corpus, and hardly ever stricter', () => {
    const lenient = [...compared].filter(([, { relation }]) => relation === 'more-lenient')
    const stricter = [...compared].filter(([, { relation }]) => relation === 'stricter')
    report(`corpus: ${valid.length} valid, ${lenient.length} too lenient, ${stricter.length} too strict`)
    expect(lenient.map(([text, { difference }]) => ({ text, difference }))).toEqual([])
    expect(stricter.length).toBeLessThanOrEqual(10)
  })

  test('where both agree they point at the same places', () => {
    const misplaced = [...compared].filter(([text, { relation, tree }]) => {
      if (relation !== 'equal' || !tree) return false
      return places(analyzeSql(text)) !== places(analyzeTree(text, tree))
    })
    expect(misplaced.map(([text]) => text)).toEqual([])
  })

  test(`the token level is never more lenient on ${wantedMutants} valid mutants`, { timeout: 600_000 }, () => {
    const random = new Random(firstSeed)
    const counts = { invalid: 0, equal: 0, stricter: 0, 'more-lenient': 0 }
    const lenient: { text: string; difference: string }[] = []
    const seen = new Set<number>()
    let wanted = wantedMutants
    while (wanted > 0) {
      const text = mutate(random.pick(valid), random.pick(valid), random)
      const hash = hashOf(text)
      if (seen.has(hash)) continue
      seen.add(hash)
      const { relation, difference } = compare(text)
      counts[relation] += 1
      if (relation !== 'invalid') wanted -= 1
      if (relation === 'more-lenient' && lenient.length < 20) lenient.push({ text, difference })
    }
    report(
      `seed ${firstSeed}: ${wantedMutants} valid mutants (${counts.invalid} invalid left out), ` +
        `${counts['more-lenient']} too lenient, ${counts.stricter} too strict`,
    )
    expect(lenient).toEqual([])
    expect(counts.stricter).toBeLessThan(wantedMutants * 0.01)
  })
})

function places(analysis: ReturnType<typeof analyzeSql>): string {
  return JSON.stringify(
    analysis.statements.map(({ start, end, reasons }) => [
      start,
      end,
      reasons.map((reason) => [reason.hazard, reason.start, reason.end]).sort(),
    ]),
  )
}

/** 53 bits of a text, to leave out repeated mutants without keeping them. */
function hashOf(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 2654435761)
    b = Math.imul(b ^ c, 1597334677)
  }
  return (b >>> 0) * 0x200000 + (a >>> 11)
}

describe('the patterns of the corpus', () => {
  test('expand to every combination', () => {
    expect(expandPattern('a{b|c{d|}}e')).toEqual(['abe', 'acde', 'ace'])
    expect(expandPattern('x {a|b} {1|2}')).toEqual(['x a 1', 'x b 1', 'x a 2', 'x b 2'])
    expect(expandPattern(String.raw`{a\|\|b|'\{\}'}`)).toEqual(['a||b', "'{}'"])
  })
})
