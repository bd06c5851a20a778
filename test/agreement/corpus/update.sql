update {t|only t|s.t|t as u|t u|pg_temp.t|temp} set {a = 1|a = default|(a, b) = (1, 2)|(a, b) = (select 1, 2)|a[1] = 2|a.b = 3|a = lastval()|a = set_config('a', 'b', true)::int} {|from u|from u where t.a = u.a|where a = $1|where current of c|where a in (select b from u for update skip locked)} {|returning *|returning old.a, new.a}
update t set local = 1
