set {|session |local }{x|app.tenant|search_path|work_mem|role|"Role"|session_replication_role|datestyle|seed|session_authorization|default_transaction_isolation|"app"."tenant id"|transaction_isolation} {to|=} {1|'a'|on|default|a, b|-1|"x"|''}
set {|session |local }{time zone 'utc'|time zone local|time zone interval '1' hour|time zone default|names 'utf8'|names|schema 'x'|xml option content|xml option document|role 'a'|role none|session authorization 'a'|session authorization default|session authorization a|transaction isolation level serializable|transaction isolation level read committed, read only|transaction read write, deferrable|transaction not deferrable|transaction snapshot '1-1'|x from current}
set {|local |session }session characteristics as transaction {isolation level repeatable read|read only|deferrable, isolation level serializable}
set {local|session|transaction|time|names|schema|role|constraints|xml|characteristics} {to|=} {1|default}
set {session|local} {local|session|transaction|time|names|role|characteristics} {to|=} 1
set local.x to 1
set session.x = 2
set constraints {all|a|a, s.b} {deferred|immediate}
