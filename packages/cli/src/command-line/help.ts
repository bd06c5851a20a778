import type { CommandDefinition, OptionDefinition } from './options.ts'

const width = 98

/** The help of one command. */
export function commandHelp(definition: CommandDefinition): string {
  const { name, usage, summary, details, options, examples } = definition
  const shown = Object.entries(options).map(([option, item]) => [optionName(option, item), description(item)] as const)
  return [
    `pooler-safe ${name} ${usage}`.trimEnd(),
    '',
    ...wrap(summary, width),
    ...(details === undefined ? [] : ['', ...details.split('\n').flatMap((line) => wrap(line, width))]),
    '',
    'Options',
    ...columns(shown),
    '',
    'Examples',
    ...examples.flatMap(([command, explanation]) => [
      `  ${command}`,
      ...wrap(explanation, width - 6).map((line) => `      ${line}`),
    ]),
    '',
    'Exit code: 0 nothing found, 1 something found, 2 wrong usage or a failure.',
    '',
  ].join('\n')
}

/** The help of the program. */
export function programHelp(commands: readonly CommandDefinition[], version: string): string {
  return [
    `pooler-safe ${version}`,
    '',
    'Postgres code that stays correct behind a transaction-mode pooler.',
    '',
    'Commands',
    ...columns(commands.map(({ name, usage, summary }) => [`${name} ${usage}`.trimEnd(), summary] as const)),
    '',
    'Options',
    ...columns([
      ['--help', 'Show help, of the program or of a command.'],
      ['--version', 'Show the version.'],
    ]),
    '',
    'Exit code: 0 nothing found, 1 something found, 2 wrong usage or a failure. NO_COLOR turns colour off.',
    '',
  ].join('\n')
}

function optionName(name: string, { value, short }: OptionDefinition): string {
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`
  return short === undefined ? long : `-${short}, ${long}`
}

function description({ description: text, choices }: OptionDefinition): string {
  return choices ? `${text} One of ${choices.join(', ')}.` : text
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(34, Math.max(...rows.map(([name]) => name.length)) + 2)
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, width - left - 2)
    if (name.length >= left) return [`  ${name}`, ...lines.map((line) => `  ${' '.repeat(left)}${line}`)]
    return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(left)}${line}`)
  })
}

/** Breaks a text into lines at its blanks. */
export function wrap(text: string, most: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > most) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
