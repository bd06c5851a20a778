alter {function|procedure|routine} {f(int)|s.f|pg_temp.f()|set_config(text, text, boolean)|lastval()} {owner to a|rename to g|set schema s|set x to 1|set search_path from current|reset x|reset all|depends on extension e|no depends on extension e|security invoker|immutable}
alter function f(int) {immutable strict|cost 5 rows 3|parallel unsafe|called on null input|leakproof|support s|stable set role to a}
alter aggregate a (int) {owner to a|rename to b|set schema s}
alter operator + (int, int) {owner to a|set schema s|set (restrict = none)|set (join = f, hashes)}
alter operator {class|family} o using btree {owner to a|rename to p|set schema s}
alter operator family o using btree {add operator 1 < (int, int)|drop operator 1 (int, int)|add function 1 (int, int) f(int, int)}
alter {collation|conversion|statistics|text search parser|text search template|text search dictionary|text search configuration|schema|language|domain|type|server|foreign data wrapper|event trigger|large object} {x|s.x} {owner to a|rename to b|set schema s}
alter large object 5 owner to a
alter collation c refresh version
alter statistics {|if exists }s set statistics {5|default}
alter type {t|s.t|pg_temp.t} {add value 'a'|add value if not exists 'a' before 'b'|rename value 'a' to 'b'|drop value 'a'|add attribute a int|drop attribute a|alter attribute a type text cascade|rename attribute a to b|set (receive = r)|owner to a|set schema s|rename to u}
alter domain {d|s.d|pg_temp.d} {set default 1|drop default|set not null|drop not null|add constraint c check (value > 1)|drop constraint c cascade|validate constraint c|rename constraint c to e|rename to e|owner to a|set default lastval()}
alter text search configuration c {add mapping for a, b with d|alter mapping for a with d|alter mapping replace x with y|drop mapping if exists for a|alter mapping for a replace x with y}
alter text search dictionary d (x = 1, y)
alter policy p on t {rename to q|to a, b|using (true)|with check (lastval() > 1)|using (pg_advisory_lock(1) is null) with check (true)}
alter trigger g on t {rename to h|depends on extension e}
alter event trigger e {disable|enable|enable replica|enable always|rename to f|owner to a}
alter rule r on t rename to s
alter server s {version '2'|options (set a 'b', drop c)|version '1' options (add x 'y')}
alter foreign data wrapper w {options (a 'b')|handler h|no validator}
alter user mapping for {a|public} server s options (set a 'b')
alter language l {rename to m|owner to a}
