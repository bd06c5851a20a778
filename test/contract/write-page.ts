/** Writes docs/pooler-contract.md from what the profiles and the installed PgBouncer answer. */
import { startPostgres } from '@pooler-safe/testkit'
import { writeFileSync } from 'node:fs'
import { SimpleClient } from '../../packages/testkit/src/wire/simple-client.ts'
import { contractPage, pageFile } from './page.ts'
import { probes } from './probes.ts'
import { imitations, put, subjects } from './subjects.ts'

if (subjects.length === imitations.length) throw new Error('The page has a column of PgBouncer: install it first.')
const postgres = await startPostgres()
const admin = await SimpleClient.connect(postgres.url)
await admin.query('create database ps_contract')
await admin.close()
const answers = new Map<string, Map<string, string>>()
for (const probe of probes) {
  const row = new Map<string, string>()
  for (const subject of subjects) row.set(subject, await put(probe, subject, postgres.urlFor('ps_contract')))
  answers.set(probe.name, row)
}
writeFileSync(pageFile, contractPage(answers))
await postgres.stop()
