reset {all|x|app.tenant|role|session authorization|time zone|transaction isolation level|search_path|"x"|seed|default_transaction_read_only}
