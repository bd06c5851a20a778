import { startPostgres, startPooler } from '@pooler-safe/testkit'
import { RawClient, send } from '../test/raw-client.ts'
await using server = await startPostgres()
await using pooler = await startPooler({ upstream: server.url, seed: 1 })
const c = await RawClient.connect(pooler.url)
await c.ask(send.query('begin'))
c.write(send.parse('select 1'), send.query('select 2'), send.parse('select 1'), send.copyDone(), send.sync(), send.sync(), send.query("select 'the end'"))
for (let i=0;i<4;i++) { console.log(await Promise.race([c.answer(), new Promise(r => setTimeout(r, 1000, 'late '+c.types()))])) }
process.exit()
