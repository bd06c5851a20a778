call {p()|s.p(1, 'a')|p(a => 1)|p(variadic array[1])|"P"(set_config('a', 'b', false))|p(pg_advisory_xact_lock(1))|pg_temp.p()|pg_advisory_lock(1)}
