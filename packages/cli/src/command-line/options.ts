import { parseArgs } from 'node:util'
import { closest } from './closest.ts'
import { UsageError } from './usage-error.ts'

/** An option of a command. */
export interface OptionDefinition {
  /** A word for its value; absent for a switch. */
  readonly value?: string
  /** Values to choose from. */
  readonly choices?: readonly string[]
  readonly multiple?: boolean
  readonly short?: string
  readonly description: string
}

/** A command, as its help shows it. */
export interface CommandDefinition {
  readonly name: string
  /** What stands after the name in its first line of help. */
  readonly usage: string
  readonly summary: string
  readonly details?: string
  readonly options: Readonly<Record<string, OptionDefinition>>
  readonly examples: readonly (readonly [command: string, explanation: string])[]
}

/** What was given. */
export interface Arguments {
  readonly positionals: readonly string[]
  /** The value of an option that takes one. */
  value(name: string): string | undefined
  /** All values of an option that may be repeated, or holds a list with commas. */
  list(name: string): readonly string[]
  has(name: string): boolean
}

/** Reads the arguments of a command. Throws a `UsageError` that names the option at fault and the likely one. */
export function readArguments(definition: CommandDefinition, argv: readonly string[]): Arguments {
  const options = Object.fromEntries(
    Object.entries(definition.options).map(([name, { value, multiple, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: multiple === true,
        ...(short !== undefined && { short }),
      },
    ]),
  )
  let parsed
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw explain(definition, error)
  }
  const values = parsed.values as Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  for (const [name, { choices }] of Object.entries(definition.options)) {
    const given = values[name]
    if (!choices || given === undefined) continue
    for (const one of Array.isArray(given) ? given : [given]) {
      if (choices.includes(String(one))) continue
      throw new UsageError(
        `--${name} is "${String(one)}".`,
        didYouMean(String(one), choices) ?? `Choose one of ${choices.join(', ')}.`,
      )
    }
  }
  const list = (name: string): readonly string[] => {
    const given = values[name]
    const all = given === undefined ? [] : Array.isArray(given) ? given : [given]
    return all.flatMap((one) => String(one).split(',')).filter((one) => one !== '')
  }
  return {
    positionals: parsed.positionals,
    value: (name) => {
      const given = values[name]
      return typeof given === 'string' ? given : undefined
    },
    list,
    has: (name) => values[name] !== undefined && values[name] !== false,
  }
}

/** A whole number that an option holds. */
export function numberOf(given: Arguments, name: string, least = 0): number | undefined {
  const text = given.value(name)
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isInteger(number) && number >= least) return number
  throw new UsageError(`--${name} is "${text}"; it has to be a whole number of at least ${String(least)}.`)
}

function explain(definition: CommandDefinition, error: unknown): UsageError {
  const code = (error as { code?: string }).code ?? ''
  const message = error instanceof Error ? error.message : String(error)
  const name = /'(?:-\w, )?--?([\w-]+)/.exec(message)?.[1] ?? ''
  const command = `pooler-safe ${definition.name}`
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    return new UsageError(
      `${command} has no option --${name}.`,
      didYouMean(
        `--${name}`,
        Object.keys(definition.options).map((known) => `--${known}`),
      ) ?? `See ${command} --help.`,
      { cause: error },
    )
  }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
    const word = definition.options[name]?.value
    return new UsageError(
      word === undefined ? `--${name} takes no value.` : `--${name} needs a value: --${name} <${word}>.`,
      undefined,
      { cause: error },
    )
  }
  return new UsageError(message, `See ${command} --help.`, { cause: error })
}

/** A question about the likeliest of several names, when one is near. */
export function didYouMean(given: string, known: readonly string[]): string | undefined {
  const [near] = closest(given, known, 1)
  return near === undefined ? undefined : `Did you mean ${near}?`
}
