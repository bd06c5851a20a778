deallocate {|prepare }{a|all|"all"|prepare}
