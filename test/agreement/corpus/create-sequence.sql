create {|temp |temporary |unlogged }sequence {|if not exists }{s|x.s|pg_temp.s} {|increment by 2|minvalue 1 maxvalue 5 cycle|start with 3 cache 10|owned by t.a|as bigint|no cycle owned by none}
alter sequence {|if exists }s {restart|restart with 3|increment 2|owned by t.a|as int|no maxvalue|set logged}
