do {'begin end'|$$begin perform 1; end$$|language plpgsql 'begin end'|language sql $x$ select 1 $x$|$$ begin set x = 1; end $$ language plpgsql|E'begin\nend'}
