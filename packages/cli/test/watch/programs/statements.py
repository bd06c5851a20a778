"""A program as they are written: asyncpg names its statements, and a table that is to outlive its transaction."""
import asyncio
import os

import asyncpg


async def main() -> None:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("create temp table seen (id int)")
    for number in range(3):
        try:
            await connection.fetchval("select $1::int", number)
        except asyncpg.PostgresError:
            pass
    # close() would wait for a RESET ALL of its own.
    connection.terminate()


asyncio.run(main())
