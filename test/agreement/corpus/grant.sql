grant {select|insert, update (a, b)|all|all privileges|maintain|trigger, truncate} on {t|table t, u|all tables in schema s|pg_temp.t} to {a|public|current_role} {|with grant option}
grant {usage|create|all} on {schema s|database d|foreign data wrapper w|foreign server s|language l|tablespace x|type t|domain d|sequence q|schema pg_temp} to a
grant {execute|all} on {function pg_advisory_lock(bigint)|function set_config|procedure p(int)|routine r()|all functions in schema s|function pg_temp.f()} to a
grant {set|alter system, set} on parameter {work_mem|app.x} to a
grant {select|update} on large object 1, 2 to a
revoke {|grant option for }{select|all|execute} on {t|function lastval()|function set_config(text, text, boolean)|all routines in schema s|pg_temp.t} from {a|public} {|cascade|restrict}
alter default privileges {|for role a |in schema s |for user a in schema s }{grant select on tables to b|revoke execute on functions from public|grant usage on types to b with grant option|grant all on sequences to b|grant usage on schemas to b|grant select on large objects to b}
