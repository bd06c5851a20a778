execute {a|"A"|plan} {|(1)|(1, 'a')|(set_config('a', 'b', true))}
