create {role|user|group} {a|"A"|temp} {|with login superuser|password 'x' valid until '2030-01-01'|connection limit 3|in role b, c|role d|admin e|nologin noinherit|encrypted password 'x'|sysid 5|bypassrls replication}
alter {role|user} {a|all|current_user|session_user|"A"} {|in database d }{set x to 1|set search_path = a, b|set x from current|reset x|reset all|set role to b|set time zone 'utc'}
alter {role|user} {a|current_user} {login|with password 'x'|rename to b|superuser nologin|connection limit -1|valid until 'infinity'}
alter group a {add|drop} user b, c
drop {role|user|group} {|if exists }a, {b|current_user}
reassign owned by {a|a, current_user} to b
drop owned by a {|cascade|restrict}
grant {a|a, b|select} to {c|c, public|current_user} {|with admin option|with inherit true|with set false, admin true} {|granted by d}
revoke {|admin option for |inherit option for }a from b {|granted by c} {|cascade}
