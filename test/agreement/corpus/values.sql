values {(1)|(1, 'a'), (2, 'b')|(set_config('a', 'b', true))|(pg_advisory_lock(1), 2)|(default)} {|order by 1|limit 1}
