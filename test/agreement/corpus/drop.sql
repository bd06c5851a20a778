drop {table|view|materialized view|sequence|foreign table|index|type|domain|collation|conversion|statistics|text search parser|text search dictionary} {|if exists }{x|s.x|s.x, y|pg_temp.x|"pg_temp".x} {|cascade|restrict}
drop {schema|extension|event trigger|language|access method|foreign data wrapper|server} {|if exists }{x|x, y|pg_temp} {|cascade|restrict}
drop index concurrently {|if exists }{i|s.i, j}
drop {function|procedure|routine} {|if exists }{f|f()|f(int, text)|s.f(int), g|set_config(text, text, boolean)|pg_advisory_lock(bigint)|pg_temp.f()} {|cascade}
drop aggregate {|if exists }a {(int)|(*)|(int order by text)}
drop operator {|if exists }{+|s.@@|pg_temp.#} {(int, int)|(none, int)}
drop operator {class|family} {|if exists }{o|pg_temp.o} using btree {|cascade}
drop cast {|if exists }(int as text)
drop transform {|if exists }for int language sql
drop {trigger|rule|policy} {|if exists }x on {t|s.t|pg_temp.t} {|cascade}
drop user mapping {|if exists }for {a|current_user} server s
