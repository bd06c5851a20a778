create foreign table {t|s.t|pg_temp.t} (a int {|options (x 'y')}) server s {|options (a 'b')}
create foreign table t partition of p default server s
create foreign data wrapper w {|handler h|no handler|validator v|options (a 'b')}
create server {|if not exists }s {|type 'x'|version '1'} foreign data wrapper w {|options (a 'b')}
create user mapping {|if not exists }for {a|current_user|public|user} server s {|options (a 'b')}
import foreign schema s {|limit to (a, b) |except (a) }from server x into {y|temp|pg_temp} {|options (a 'b')}
