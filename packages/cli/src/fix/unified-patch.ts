const context = 3

/** One file of a patch. */
export interface PatchedFile {
  /** As the patch names it: relative, with slashes. */
  readonly name: string
  readonly before: string
  readonly after: string
  /** What a reader should know, put before the file; `git apply` passes over it. */
  readonly remarks: readonly string[]
}

/** A patch that `git apply` takes. Empty when nothing differs. */
export function unifiedPatch({ name, before, after, remarks }: PatchedFile): string {
  if (before === after) return ''
  const old = linesOf(before)
  const now = linesOf(after)
  const hunks = hunksOf(old, now)
  const path = quoted(name)
  return [
    ...remarks.map((remark) => `# ${remark.replace(/\s+/g, ' ')}\n`),
    `diff --git ${quoted(`a/${name}`)} ${quoted(`b/${name}`)}\n`,
    `--- ${path.startsWith('"') ? quoted(`a/${name}`) : `a/${name}`}${endOfName(name)}\n`,
    `+++ ${path.startsWith('"') ? quoted(`b/${name}`) : `b/${name}`}${endOfName(name)}\n`,
    ...hunks,
  ].join('')
}

/** A name with a blank ends with a tab, as in patches of git. */
function endOfName(name: string): string {
  return name.includes(' ') ? '\t' : ''
}

function quoted(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what git quotes
  if (!/["\\\u0000-\u001F\u007F]/.test(name)) return name
  const signs: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' }
  // eslint-disable-next-line no-control-regex -- see above
  return `"${name.replace(/["\\\u0000-\u001F\u007F]/g, (sign) => signs[sign] ?? octal(sign))}"`
}

function octal(sign: string): string {
  return `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

interface Difference {
  readonly at: number
  readonly removed: number
  readonly nowAt: number
  readonly added: number
}

function hunksOf(old: readonly string[], now: readonly string[]): readonly string[] {
  const groups: Difference[][] = []
  for (const difference of differencesOf(old, now)) {
    const last = groups.at(-1)
    const before = last?.at(-1)
    if (last && before && difference.at - (before.at + before.removed) <= 2 * context) last.push(difference)
    else groups.push([difference])
  }
  return groups.map((group) => hunk(group, old, now))
}

function hunk(group: readonly Difference[], old: readonly string[], now: readonly string[]): string {
  const [first] = group
  const last = group.at(-1)
  if (!first || !last) return ''
  const from = Math.max(0, first.at - context)
  const to = Math.min(old.length, last.at + last.removed + context)
  const body: string[] = []
  let at = from
  for (const { at: start, removed, nowAt, added } of group) {
    body.push(...old.slice(at, start).map((line) => ` ${line}`))
    body.push(...old.slice(start, start + removed).map((line) => `-${line}`))
    body.push(...now.slice(nowAt, nowAt + added).map((line) => `+${line}`))
    at = start + removed
  }
  body.push(...old.slice(at, to).map((line) => ` ${line}`))
  const nowFrom = first.nowAt - (first.at - from)
  const count = to - from + group.reduce((sum, { removed, added }) => sum + added - removed, 0)
  const text = body.map((line) => (line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`)).join('')
  return `@@ -${span(from, to - from)} +${span(nowFrom, count)} @@\n${text}`
}

function span(from: number, length: number): string {
  return `${String(length === 0 ? from : from + 1)},${String(length)}`
}

/** The differing stretches of lines, by the longest common subsequence between the equal beginning and end. */
function differencesOf(old: readonly string[], now: readonly string[]): readonly Difference[] {
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  const a = old.slice(head, old.length - tail)
  const b = now.slice(head, now.length - tail)
  if (a.length * b.length > largestTable) return [{ at: head, removed: a.length, nowAt: head, added: b.length }]
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        a[i] === b[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1))
    }
  }
  const found: Difference[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i += 1
      j += 1
      continue
    }
    const start = { i, j }
    while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j])) {
      if (j >= b.length || (i < a.length && lengthAt(i + 1, j) >= lengthAt(i, j + 1))) i += 1
      else j += 1
    }
    found.push({ at: head + start.i, removed: i - start.i, nowAt: head + start.j, added: j - start.j })
  }
  return found
}

const largestTable = 16_000_000
