import { describe, expect, it } from 'vitest'
import { analyzeUncached } from '../../src/sql/analyze.ts'
import { functionRules } from '../../src/sql/table.ts'
import { facts, unmarked } from './marked.ts'

const session = 'session set-config-session'
const local = 'tx set-local-outside-tx'
const role = 'session set-role'
const danger = 'session dangerous-guc'
const lock = 'session advisory-session-lock'

describe('set_config: only the literal true makes it local', () => {
  facts([
    ["select «set_config»('a', 'b', true)", local],
    ["select «set_config»('a', 'b', TRUE)", local],
    ["select «set_config»('a', 'b', (true))", local],
    ["select «set_config»('a', 'b', ((true)))", local],
    ["select «set_config»('a', 'b', false)", session],
    ["select «set_config»('a', 'b', $3)", session],
    ['select «set_config»($1, $2, $3)', session],
    ['select «set_config»($1, $2, true)', local],
    ["select «set_config»('a', 'b', 't')", session],
    ["select «set_config»('a', 'b', 'true')", session],
    ["select «set_config»('a', 'b', true::boolean)", session],
    ["select «set_config»('a', 'b', 'true'::bool)", session],
    ["select «set_config»('a', 'b', cast('true' as boolean))", session],
    ["select «set_config»('a', 'b', cast(true as boolean))", session],
    ["select «set_config»('a', 'b', bool 'true')", session],
    ["select «set_config»('a', 'b', not false)", session],
    ["select «set_config»('a', 'b', not true)", session],
    ["select «set_config»('a', 'b', true and false)", session],
    ["select «set_config»('a', 'b', true or x)", session],
    ["select «set_config»('a', 'b', null)", session],
    ["select «set_config»('a', 'b', \"true\")", session],
    ["select «set_config»('a', 'b', t.true)", session],
    ["select «set_config»('a', 'b', true, true)", local],
    ["select «set_config»('a', 'b')", session],
    ['select «set_config»()', session],
    ["select «set_config»('a', 'b,c(d', true)", local],
    ["select «set_config»('a', concat('b', ',', 'c'), true)", local],
    ["select «set_config»('a', (select 1, 2), false)", session],
  ])
})

describe('set_config: named arguments', () => {
  facts([
    ["select «set_config»('a', 'b', is_local => true)", local],
    ["select «set_config»('a', 'b', is_local := true)", local],
    ["select «set_config»('a', 'b', is_local => (true))", local],
    ["select «set_config»('a', 'b', is_local => false)", session],
    ["select «set_config»('a', 'b', is_local => $1)", session],
    ["select «set_config»(is_local => true, setting_name => 'a', new_value => 'b')", local],
    ["select «set_config»(is_local => false, setting_name => 'a', new_value => true)", session],
    ["select «set_config»(setting_name => 'a', new_value => 'b', is_local => true)", local],
    ["select «set_config»('a', 'b', \"is_local\" => true)", local],
    ["select «set_config»('a', 'b', IS_LOCAL => true)", local],
    ["select «set_config»('a', is_local => true, new_value => false)", local],
    ["select «set_config»('a', 'b', true, is_local => false)", session],
    ["select «set_config»('a', 'b', is_local => true, is_local => true)", session],
    ["select «set_config»('a', 'b', is_local =>true)", local],
    ["select «set_config»('a', 'b', is_local=>-1)", session],
    ["select «set_config»(setting_name => 'role', new_value => 'b', is_local => false)", role],
  ])
})

describe('set_config: what it sets', () => {
  facts([
    ["select «set_config»('role', 'admin', false)", role],
    ["select «set_config»('ROLE', 'admin', false)", role],
    ["select «set_config»('session_authorization', 'admin', false)", role],
    ["select «set_config»('role', 'admin', true)", local],
    ["select «set_config»('search_path', 'a', false)", session, danger],
    ["select «set_config»('search_path', 'a', true)", local],
    ["select «set_config»('row_security', 'off', true)", local, 'safe dangerous-guc'],
    ["select «set_config»('ro' || 'le', 'admin', false)", session],
    ["select «set_config»('ro''le', 'admin', false)", session],
  ])
})

describe('how a name may be written', () => {
  facts([
    ['select «pg_advisory_lock»(1)', lock],
    ['SELECT «PG_Advisory_Lock»(1)', lock],
    ['select «pg_advisory_lock» (1)', lock],
    ['select «pg_advisory_lock»/* a */(1)', lock],
    ['select «pg_advisory_lock» -- a\n (1)', lock],
    ['select «pg_advisory_lock»/* /* a */ ( */(1)', lock],
    ['select «"pg_advisory_lock"»(1)', lock],
    ['select «"pg_advisory_lock"» /* a */ (1)', lock],
    ['select "PG_ADVISORY_LOCK"(1)'],
    ['select "pg_advisory_lock "(1)'],
    [String.raw`select «U&"pg_advisory_\006cock"»(1)`, lock],
    [String.raw`select «u&"pg_advisory_\+00006cock"»(1)`, lock],
    [String.raw`select «U&"pg_advisory_!006cock"» uescape '!' (1)`, lock],
    [String.raw`select «U&"pg_advisory_lock"»(1)`, lock],
    [String.raw`select U&"pg_advisory_\006dock"(1)`],
    ['select pg_catalog.«pg_advisory_lock»(1)', lock],
    ['select "pg_catalog" . «pg_advisory_lock»(1)', lock],
    [String.raw`select U&"pg_c\0061talog".«pg_advisory_lock»(1)`, lock],
    [String.raw`select U&"pg_c!0061talog" uescape '!'.«pg_advisory_lock»(1)`, lock],
    ['select my.pg_advisory_lock(1)'],
    ['select my."pg_advisory_lock"(1)'],
    ['select pg_advisory_lock'],
    ['select pg_advisory_lock from t'],
    ['select t.pg_advisory_lock from t'],
    ['select pg_advisory_locks(1)'],
    ['select xpg_advisory_lock(1)'],
    ['select pg_advisory_lock$(1)'],
    ['select pg_advisory_lockß(1)'],
    ["select 'pg_advisory_lock(1)'"],
    ['select $$pg_advisory_lock(1)$$'],
    ['select 1 /* pg_advisory_lock(1) */'],
    ['select 1 -- pg_advisory_lock(1)'],
    ['select «pg_advisory_lock»((select «pg_advisory_lock»(1)))', lock, lock],
    ['select * from «pg_advisory_lock»(1)', lock],
    ['insert into t values («pg_advisory_lock»(1))', lock],
    ['with a as materialized (select «pg_advisory_lock»(1)) select 1', lock],
    ['select 1; select «pg_advisory_lock»(1)', lock],
    ["select 'é😀', «pg_advisory_lock»(1)", lock],
  ])
})

describe('functions whose arguments decide', () => {
  const slot = 'session temp-repl-slot'
  facts([
    ["select pg_create_logical_replication_slot('a', 'b')"],
    ["select pg_create_logical_replication_slot('a', 'b', false)"],
    ["select «pg_create_logical_replication_slot»('a', 'b', true)", slot],
    ["select «pg_create_logical_replication_slot»('a', 'b', $1)", slot],
    ["select «pg_create_logical_replication_slot»('a', 'b', temporary => true)", slot],
    ["select pg_create_logical_replication_slot('a', 'b', temporary => false)"],
    ["select pg_create_physical_replication_slot('a', true)"],
    ["select «pg_create_physical_replication_slot»('a', true, true)", slot],
    ['select «set_limit»(0.5)', 'session load-and-libs'],
    ['select ext.«set_limit»(0.5)', 'session load-and-libs'],
    ['select set_limit(1, 2)'],
    ['select set_limit()'],
  ])
})

describe('other functions', () => {
  facts([
    ["select «currval»('s'), «lastval»()", 'session currval-lastval', 'session currval-lastval'],
    ["select nextval('s')"],
    ['select «setseed»(0.5)', 'session load-and-libs'],
    ["select ext.«dblink_connect»('x')", 'session dblink-fdw-session'],
    ["select dblink('x', 'select 1')"],
    ['select «pg_export_snapshot»()', 'tx snapshot-export'],
    ['select «lo_open»(1, 2)', 'tx large-objects'],
    ['select lo_get(1)'],
    ['select «pg_advisory_xact_lock»(1)', 'tx autocommit-locks'],
    ['select «pg_try_advisory_xact_lock_shared»(1)', 'tx autocommit-locks'],
    ['select «pg_backend_pid»()', 'safe backend-identity'],
    ["select «query_to_xml»('select 1', true, true, '')", 'opaque hidden-in-routine'],
  ])

  it.each([
    "select set_config('a', 'b', true",
    "select set_config('a', 'b', true, c",
    "select set_config('a', 'b', is_local => true, c",
    "select pg_create_logical_replication_slot('a', 'b'",
    "select pg_create_logical_replication_slot('a', 'b', false, c",
    'select set_limit(0.5, 1',
  ])('a call that is left open is taken at its worst: %s', (text) => {
    expect(analyzeUncached(text).verdict).toBe('session')
  })

  it.each([...functionRules])('%s is found wherever it is called', (name, rule) => {
    const args = Array.from({ length: rule.arity ?? 3 }, (_, i) => `$${i + 1}`).join(', ')
    const expected = { hazard: rule.hazard, verdict: rule.verdict, subject: name }
    for (const text of [
      `select ${name}(${args})`,
      `SELECT "${name}" (${args})`,
      `select pg_catalog.${name}(${args})`,
    ]) {
      const start = text.indexOf(name) - (text.includes('"') ? 1 : 0)
      expect(analyzeUncached(text).statements[0]?.reasons).toContainEqual(
        expect.objectContaining({ ...expected, start }),
      )
    }
  })
})

describe('the fix of set_config is safe only where it changes nothing', () => {
  it.each([
    ['true::boolean', true],
    ["'true'::bool", true],
    ["cast('on' as boolean)", true],
    ["bool 't'", true],
    ["'yes'", true],
    ['not false', true],
    ['false', false],
    ['$1', false],
    ["'false'", false],
    ['not true', false],
    ['true and x', false],
    ["'true'::text", false],
  ])('%s', (argument, safe) => {
    const text = `select set_config('a', 'b', ${argument})`
    const fix = analyzeUncached(text).statements[0]?.reasons[0]?.fix
    expect(fix).toMatchObject({ text: 'true', safe })
    expect(text.slice(fix?.start, fix?.end)).toBe(argument)
    const fixed = text.slice(0, fix?.start) + 'true' + text.slice(fix?.end)
    expect(analyzeUncached(fixed).verdict).toBe('tx')
  })

  it('there is none where there is no third argument', () => {
    expect(analyzeUncached(unmarked("select set_config('a', 'b')")).statements[0]?.reasons[0]?.fix).toBeUndefined()
  })
})
