import { execFile } from 'node:child_process'

export interface ProgramResult {
  readonly code: number
  readonly stderr: string
  /** What the program wrote to stdout, as JSON; undefined when it wrote nothing. */
  readonly said: unknown
}

/** Runs a program in a process of its own, on what is built and published, not on the sources. */
export function runProgram(
  program: string,
  options: { readonly type: 'module' | 'commonjs'; readonly flags?: readonly string[]; readonly url?: string },
): Promise<ProgramResult> {
  const flags = [...(options.flags ?? []), `--input-type=${options.type}`, '--eval', program]
  const env = { ...process.env, DATABASE_URL: options.url ?? '', NODE_OPTIONS: '' }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, flags, { cwd: import.meta.dirname, env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, stderr, said: stdout === '' ? undefined : JSON.parse(stdout) })
    })
  })
}
