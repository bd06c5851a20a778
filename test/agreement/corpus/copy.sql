copy {t|s.t (a, b)|t (a)|pg_temp.t} {from stdin|to stdout|from stdout|to stdin|from 'f'|to 'f'|from program 'p'|to program 'p'} {|with (format csv, header)|csv header|with binary|(freeze, null 'x')|delimiter '\|' null ''|with (format csv, force_quote *)}
copy binary t from stdin
copy t from stdin {where a > 1|with (format text) where a = lastval()|(on_error ignore) where true}
copy ({select 1|select * from t where a = 1|insert into t values (1) returning *|update t set a = 1 returning a|delete from t returning a|select set_config('a', 'b', false)|select pg_advisory_xact_lock(1)|values (1)|select 1 from "to"|table t|with x as (select 1) select * from x}) to {stdout|'f'|program 'x'} {|with (format csv)|csv}
