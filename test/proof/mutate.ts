import { relative, resolve } from 'node:path'
import { mutations } from './mutations.ts'

const workspace = resolve(import.meta.dirname, '../..')

/** The part of a Vite plugin that this needs. */
interface TransformPlugin {
  readonly name: string
  readonly enforce: 'pre'
  transform(code: string, id: string): string | undefined
}

/**
 * Takes one guard out of the source while a test run loads it, so that a run can show which test misses the guard.
 * The anchor has to stand in the file exactly once: a mutation that no longer applies fails the run.
 */
export function mutate(id: string): TransformPlugin {
  const mutation = mutations.find((one) => one.id === id)
  if (!mutation)
    throw new Error(`There is no mutation '${id}'; there are ${mutations.map((one) => one.id).join(', ')}.`)
  return {
    name: `mutate:${id}`,
    enforce: 'pre',
    transform(code, module) {
      if (relative(workspace, module.split('?')[0] ?? module) !== mutation.file) return undefined
      if (code.split(mutation.anchor).length !== 2) {
        throw new Error(
          `Mutation '${id}': its anchor stands ${code.split(mutation.anchor).length - 1} times in ${mutation.file}.`,
        )
      }
      return code.replace(mutation.anchor, () => mutation.replacement)
    },
  }
}
