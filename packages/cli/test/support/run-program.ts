import { mkdtempSync, rmSync, writeFileSync, mkdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { run, type ExitCode, type Io } from '../../src/index.ts'

export interface Ran {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
}

/** Runs the program in this process, as a terminal without colour would. */
export async function runProgram(
  argv: readonly string[],
  given: Partial<Io> & { readonly input?: string } = {},
): Promise<Ran> {
  const { input = '', ...io } = given
  let out = ''
  let err = ''
  const code = await run(argv, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: () => Promise.resolve(input),
    cwd: process.cwd(),
    env: {},
    ...io,
  })
  return { code, out, err }
}

export interface Folder {
  readonly path: string
  write(name: string, content: string | Uint8Array): void
  read(name: string): string
  run(...argv: string[]): Promise<Ran>
}

/** A folder of its own for one test. */
export function makeFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), 'pooler-safe-cli-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  const write = (name: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  for (const [name, content] of Object.entries(files)) write(name, content)
  return {
    path,
    write,
    read: (name) => readFileSync(join(path, name), 'utf8'),
    run: (...argv) => runProgram(argv, { cwd: path }),
  }
}

/** Some code with one finding of each kind that the tests look at. */
export const sample = `import { Pool } from 'pg'
const pool = new Pool({ max: 4, connectionTimeoutMillis: 2000, keepAlive: true })
pool.on('error', console.error)

export async function run(text: string, id: number) {
  await pool.query('set search_path to app')
  await pool.query('select name from users where id = $1', [id])
  await pool.query('select name from users where id = 7')
  await pool.query(text)
  // pooler-safe: allow no-session-lock because only one worker runs here
  await pool.query('select pg_advisory_lock(1)')
}
`
