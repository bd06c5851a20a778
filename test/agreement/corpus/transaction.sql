begin {|work|transaction|isolation level serializable|transaction isolation level read committed, read only|work read write, not deferrable|read only deferrable}
start transaction {|isolation level repeatable read|read only|deferrable}
{commit|end|rollback|abort} {|work|transaction} {|and chain|and no chain}
rollback {|work |transaction }to {|savepoint }{a|"A"|savepoint}
savepoint {a|"A"|prepared}
release {|savepoint }{a|"A"|savepoint}
prepare transaction {'a'|'it''s'}
commit prepared 'a'
rollback prepared 'a'
