create database {d|"D"} {|with owner a|template x encoding 'utf8'|strategy = wal_log|locale 'c' connection limit 5|is_template true}
alter database {d|"D"} {set x to 1|set tablespace x|set tablespace = 1|reset x|reset all|set time zone 'utc'|owner to a|rename to e|with connection limit 5|allow_connections false|refresh collation version|is_template true|set x from current}
drop database {|if exists }d {|(force)|with (force)}
create tablespace x {|owner a }location '/x' {|with (random_page_cost = 1)}
alter tablespace x {set (seq_page_cost = 1)|reset (seq_page_cost)|rename to y|owner to a}
drop tablespace {|if exists }x
alter {table|index|materialized view} all in tablespace x {|owned by a }set tablespace y {|nowait}
alter system {set x to 1|set x = default|reset x|reset all|set app.y = 'a'}
