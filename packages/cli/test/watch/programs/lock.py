"""A program as they are written: a lock and a setting for the session."""
import os

import psycopg2

connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("set work_mem to '9MB'")
cursor.execute("select pg_advisory_lock(42)")
connection.close()
