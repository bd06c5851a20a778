lock {|table }{t|only t|s.t, u|t *|pg_temp.t} {|in access share mode|in row exclusive mode|in access exclusive mode nowait|in share update exclusive mode} {|nowait}
