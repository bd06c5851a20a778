insert into {t|s.t|t as u|pg_temp.t|temp|temporary|local} {values (1)|(a, b) values (1, $1), (2, default)|default values|select * from u|(a) overriding system value values (1)|table u|(select 1)} {|returning *|returning a as b, c|returning with (old as o, new as n) o.a}
insert into t values {(1) on conflict do nothing|(1) on conflict (a) do update set b = excluded.b|(1) on conflict on constraint c do update set (a, b) = (1, 2) where t.a > 1|(1) on conflict (lower(a)) where b do nothing} {|returning a}
insert into t (a) {values (set_config('a', 'b', false))|values (lastval())|select pg_advisory_lock(1)|values (nextval('s')) returning currval('s')|select 1 into_x from u}
insert into set_config (a) values (1)
