"""Bugs as they are written in Python, and the same written safely. Each runs under the name of its hazard."""
import os
import sys

import psycopg2


def connect(name, **more):
    connection = psycopg2.connect(os.environ["DATABASE_URL"], application_name=name, **more)
    connection.autocommit = True
    return connection


def run(*statements):
    def work(connection):
        cursor = connection.cursor()
        for statement in statements:
            try:
                cursor.execute(statement)
            except psycopg2.Error:
                pass

    return work


def in_transaction(*statements):
    return run("begin", *statements, "commit")


def abandon(connection):
    cursor = connection.cursor()
    cursor.execute("begin")
    cursor.execute("select 1")


def lost_commit(connection):
    cursor = connection.cursor()
    cursor.execute("begin")
    try:
        cursor.execute("select 1/0")
    except psycopg2.Error:
        pass
    # The tag says ROLLBACK, and nobody reads it.
    cursor.execute("commit")


def honest_rollback(connection):
    cursor = connection.cursor()
    cursor.execute("begin")
    try:
        cursor.execute("select 1/0")
    except psycopg2.Error:
        cursor.execute("rollback")


planted = {
    "session-set": (run("set work_mem to '9MB'"), in_transaction("set local work_mem to '9MB'")),
    "set-config-session": (
        run("select set_config('app.tenant', 'acme', false)"),
        in_transaction("select set_config('app.tenant', 'acme', true)"),
    ),
    "advisory-session-lock": (run("select pg_advisory_lock(4711)"), in_transaction("select pg_advisory_xact_lock(4711)")),
    "temp-table": (
        run("create temp table scratch (id int)"),
        in_transaction("create temp table scratch (id int) on commit drop"),
    ),
    "with-hold-cursor": (
        run("declare held cursor with hold for select 1"),
        in_transaction("declare held cursor for select 1", "fetch held"),
    ),
    "listen": (run("listen news"), run("notify news")),
    "set-role": (run("set role pg_monitor"), in_transaction("set local role pg_monitor")),
    "sql-prepare": (run("prepare found as select 1"), run("select 1")),
    "deallocate-all": (run("discard all"), run("select 1")),
    "leaked-open-tx": (abandon, in_transaction("select 1")),
    "commit-became-rollback": (lost_commit, honest_rollback),
}

which = 0 if sys.argv[1] == "bugs" else 1
for hazard, versions in planted.items():
    connection = connect(hazard)
    versions[which](connection)
    connection.close()
print("\n".join(planted))
