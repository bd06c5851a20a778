listen {a|"A"|all|notify}
