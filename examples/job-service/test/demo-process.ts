import { startProgram, type ProgramRun } from '@pooler-safe/tests/support'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const main = join(import.meta.dirname, '../src/main.ts')

/** A run of the demonstration in a process of its own, as `npm run demo:jobs` runs it. */
export const startDemo = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ProgramRun =>
  startProgram(main, args, env)

/** Text without control codes is all that a pipe may get. */
export const isPlain = (text: string): boolean => stripVTControlCharacters(text) === text && !text.includes('\r')
