close {c|all|"C"}
