notify {a|"A"} {|, 'payload'|, ''}
