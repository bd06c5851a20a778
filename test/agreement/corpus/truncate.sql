truncate {|table }{t|only t|s.t, u|pg_temp.t} {|restart identity|continue identity} {|cascade|restrict}
