create publication p {|for table t|for all tables|for table t (a, b) where (a > 1), only u|for tables in schema s, current_schema|for table pg_temp.t|for table t where (lastval() > 1)} {|with (publish = 'insert')}
alter publication p {add table t|set table t (a) where (a > 1)|drop table t|add tables in schema s|set (publish = 'x')|owner to a|rename to q}
drop publication {|if exists }p, q
create subscription s connection 'x' publication {p|p, q} {|with (connect = false)|with (create_slot = false)|with (enabled = false)|with (copy_data = false, slot_name = none)}
alter subscription s {refresh publication|refresh publication with (copy_data = false)|set publication p|add publication p with (refresh = false)|drop publication p|set (slot_name = none)|enable|disable|connection 'x'|skip (lsn = '0/0')|owner to a|rename to t}
drop subscription {|if exists }s {|cascade}
