import { writeFileSync } from 'node:fs'
import { UsageError } from '../command-line/usage-error.ts'

/** Writes what a command made to the file that was named. Throws a `UsageError` where that is not possible. */
export function writeOutput(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'its folder does not exist' : code === 'EISDIR' ? 'it is a folder' : (code ?? String(error))
    throw new UsageError(`${path} could not be written: ${why}.`, undefined, { cause: error })
  }
}
