create type {t|s.t|pg_temp.t} {as (a int, b text)|as enum ('a', 'b')|as enum ()|as range (subtype = int)|(input = i, output = o)|}
create domain {d|s.d|pg_temp.d} as {int|pg_temp.t} {|default 1|not null|check (value > 1)|constraint c check (value <> '') collate "C"|default lastval()}
create text search {parser p (start = a, gettoken = b, end = c, lextypes = d)|dictionary d (template = t, x = 1)|template t (lexize = l)|configuration c (copy = x)|configuration s.c (parser = p)}
create collation {|if not exists }{c|s.c|pg_temp.c} {(locale = 'x')|from "C"|(provider = icu, locale = 'x', deterministic = false)}
create statistics {|if not exists }{|s|x.s|pg_temp.s} {|(ndistinct, mcv) }on a, {b|(a + b)|lower(c)} from t
