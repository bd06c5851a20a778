show {all|x|time zone|transaction isolation level|session authorization|app.tenant|search_path}
