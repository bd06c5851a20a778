table {t|only t|s.t|pg_temp.t} {|order by a|limit 3}
