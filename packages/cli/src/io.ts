/** What a command reads and writes. The program has the process's own; tests give theirs. */
export interface Io {
  /** Writes to standard output. */
  readonly out: (text: string) => void
  /** Writes to standard error: progress, and what went wrong. */
  readonly err: (text: string) => void
  /** Everything that arrives on standard input. */
  readonly stdin: () => Promise<string>
  /** The folder that paths are relative to. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether somebody looks at standard output; decides about colour. */
  readonly isOutTerminal?: boolean
  /** Whether somebody looks at standard error; decides about progress. */
  readonly isErrTerminal?: boolean
  /** Columns of the terminal. Default 100. */
  readonly columns?: number
  /** Ends a command that waits. */
  readonly signal?: AbortSignal
}

/**
 * 0: nothing found. 1: something found. 2: the command could not do its work. `watch` ends with what its own command
 * ended with when that failed.
 */
export type ExitCode = number
