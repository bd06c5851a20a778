import type { Step, Surroundings } from './step.ts'

const wanted: Readonly<Record<string, string>> = {
  'pooler:audit': 'pooler-safe audit',
  'pooler:fix': 'pooler-safe fix',
}

/** Scripts in package.json, put in as text: nothing else in the file changes. */
export function scriptsStep({ manifest, read }: Surroundings): Step {
  const file = 'package.json'
  const missing = Object.entries(wanted).filter(
    ([name, command]) => !(name in manifest.scripts) && !Object.values(manifest.scripts).includes(command),
  )
  if (missing.length === 0) return { kind: 'keep', file, why: 'it has the scripts' }
  const text = read(file)
  const edited = insert(text, missing)
  const lines = missing.map(([name, command]) => `${JSON.stringify(name)}: ${JSON.stringify(command)}`)
  if (edited === undefined || !isOnlyMore(text, edited, missing)) {
    return { kind: 'show', file, why: 'its scripts could not be found', text: `"scripts": { ${lines.join(', ')} }\n` }
  }
  return { kind: 'edit', file, text: edited, what: `the scripts ${missing.map(([name]) => name).join(' and ')}` }
}

function insert(text: string, missing: readonly (readonly [string, string])[]): string | undefined {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const unit = /\n([ \t]+)"/.exec(text)?.[1] ?? '  '
  const lines = missing.map(([name, command]) => `${JSON.stringify(name)}: ${JSON.stringify(command)}`)
  const scripts = /("scripts"\s*:\s*\{)(\s*)(\}?)/.exec(text)
  if (scripts) {
    const [whole, head = '', blank = '', close = ''] = scripts
    const at = scripts.index
    if (close !== '') {
      const body = lines.map((line) => `${lineEnd}${unit}${unit}${line}`).join(',')
      return `${text.slice(0, at)}${head}${body}${lineEnd}${unit}}${text.slice(at + whole.length)}`
    }
    const separator = blank.includes('\n') ? blank : ' '
    return `${text.slice(0, at)}${head}${lines.map((line) => `${separator}${line},`).join('')}${text.slice(at + head.length)}`
  }
  const open = /^\s*\{/.exec(text)
  if (!open) return undefined
  const body = lines.map((line) => `${lineEnd}${unit}${unit}${line}`).join(',')
  const isEmpty = /^\s*\{\s*\}\s*$/.test(text)
  return `${text.slice(0, open[0].length)}${lineEnd}${unit}"scripts": {${body}${lineEnd}${unit}}${isEmpty ? lineEnd : ','}${text.slice(open[0].length)}`
}

/** Whether the file says the same as before, and the scripts. */
function isOnlyMore(before: string, after: string, missing: readonly (readonly [string, string])[]): boolean {
  try {
    const old = JSON.parse(before) as { readonly scripts?: Readonly<Record<string, unknown>> }
    const now = JSON.parse(after) as { readonly scripts?: Readonly<Record<string, unknown>> }
    const scripts = { ...Object.fromEntries(missing), ...old.scripts }
    const sorted = (value: unknown): string =>
      JSON.stringify(Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
    return (
      sorted(now.scripts) === sorted(scripts) && sorted({ ...now, scripts: null }) === sorted({ ...old, scripts: null })
    )
  } catch {
    return false
  }
}
