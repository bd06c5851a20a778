{begin|begin;set local x = 1|select 1} ; {select 2|set x = 1|insert into t values (1)|select pg_advisory_lock(1)} ; {commit|rollback|select 3|}
{;;|;select 1;|select 1;;|select 1; -- end|/* a */ ; /* b; set x = 1 */|-- set x = 1|select ';' ; select $$;$$|select 1 as "a;b"; set "a;b".c = 1}
create function f() returns int language sql begin atomic select 1; end; {set x = 1|select 2|listen a|begin}
create rule r as on insert to t do (select 1; select 2); {set x = 1|select 2|reset all}
{do $$ begin; $$|select E'\'; set x = 1; --'|select 'a''; set x = 1'|select "a""; b"|select 'a' /* ' */|select $a$;$$;$a$|select E'a' 'b'|select 1 --'} ; {select 2|set x = 1|}
