import { plain, rows, type Row } from '../row.ts'

/**
 * Code that the text does not show. `do` and `call` are opaque; functions, views, triggers, rules, defaults, checks, casts
 * and operators look like any other: no reader of SQL text can see what they leave (hazard hidden-in-routine).
 */
export const hidden: readonly Row[] = [
  ...plain(
    'do $$ begin null; end $$',
    "do $$ begin perform set_config('app.hidden', 'x', false); end $$",
    "do language plpgsql $$ begin set work_mem to '7MB'; end $$",
    "do $$ begin set local work_mem to '7MB'; end $$",
    'do $$ begin perform pg_advisory_lock(77); end $$',
    'do $$ begin create temp table concealed (a int); end $$',
    "do $$ begin execute 'listen concealed'; end $$",
    "do $$ begin execute 'prepare concealed as select 1'; end $$",
    'do $$ begin perform pg_advisory_xact_lock(77); end $$',
    'do $$ begin set role oracle_role; end $$',
    'call harmless()',
    'call harmful()',
  ),
  ...rows({ failsInside: '2D000' }, 'call committing()', 'do $$ begin commit; end $$'),
  ...rows({ fails: 'P0001' }, "do $$ begin perform set_config('app.hidden', 'x', false); raise exception 'no'; end $$"),
  ...rows(
    { except: 'hidden-in-routine' },
    'select hide_setting()',
    'select hide_lock(5)',
    'select hide_role()',
    'select hide_table()',
    'select hide_channel()',
    'select * from hidden_view',
    'insert into hidden_default (b) values (1)',
    'insert into hidden_trigger values (1)',
    'insert into hidden_rule values (1)',
    'insert into hidden_policy values (2)',
    'select 1::hidden_domain',
    "select 'good'::mood::int",
    'select 1 ~~~~ 2',
    'explain analyze select hide_setting()',
  ),
  ...rows({ except: 'empty-placeholder' }, 'select hide_locally()'),
  ...rows({ except: 'library' }, 'select plain_block(1)'),
]
