create {|or replace }aggregate {a (int)|s.a (*)|a (int order by text)|pg_temp.a (int)} (sfunc = set_config, stype = int {|, initcond = '0'|, parallel = safe})
create aggregate a (basetype = int, sfunc = f, stype = int)
create operator {+|s.@@|pg_temp.#} (leftarg = int, rightarg = int, {procedure|function} = pg_advisory_lock {|, commutator = +|, hashes|, restrict = none})
create cast (int as text) {with function f(int)|without function|with inout} {|as assignment|as implicit}
create {|or replace }transform for int language sql (from sql with function f(internal), to sql with function g(internal))
create operator class {o|s.o|pg_temp.o} {|default }for type int using btree {|family f }as operator 1 <, operator 2 <= (int, int) for search, function 1 f(int, int), storage int
create operator family {o|s.o} using hash
create {|default }conversion {c|s.c|pg_temp.c} for 'a' to 'b' from f
create {|or replace }{|trusted }{|procedural }language l {|handler h|handler h inline i validator v}
create access method m type {index|table} handler h
