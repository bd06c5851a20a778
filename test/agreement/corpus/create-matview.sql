create {|unlogged }materialized view {|if not exists }{v|s.v|pg_temp.v} {|(a) |using heap |tablespace x |with (a = 1) }as {select 1|values (1)|select lastval()|table t} {|with no data}
refresh materialized view {|concurrently }{v|s.v|pg_temp.v} {|with no data|with data}
