#!/usr/bin/env node
import { processIo } from './process-io.ts'
import { run } from './run.ts'

const { io, flush } = processIo()
void run(process.argv.slice(2), io).then(async (code) => {
  await flush()
  process.exitCode = code
})
