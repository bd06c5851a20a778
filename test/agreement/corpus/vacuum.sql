{vacuum|analyze|analyse} {|verbose|t|verbose t|s.t (a, b)|t, u|(verbose) t|(verbose, skip_locked) t (a)}
vacuum {full|freeze|full freeze verbose analyze|(full, parallel 2) t|(analyze) t|full t|(index_cleanup auto)}
