create extension {|if not exists }e {|schema s|version '1' cascade|with schema pg_temp}
alter extension e {update|update to '2'|set schema s|add table t|drop function f(int)|add function set_config(text, text, boolean)|add cast (int as text)|drop operator + (int, int)|add table pg_temp.t|add type t|drop event trigger e|add aggregate a (*)|add schema s}
drop extension {|if exists }e {|cascade}
