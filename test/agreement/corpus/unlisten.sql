unlisten {a|"A"|*}
