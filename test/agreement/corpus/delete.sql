delete from {t|only t|s.t|t as u|pg_temp.t} {|using u} {|where a = $1|where current of c|where pg_advisory_lock(1) is null|where a = currval('s')} {|returning *}
