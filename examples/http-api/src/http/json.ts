import { ApiError } from '../errors/api-error.ts'

/**
 * Reads JSON in UTF-8. A name that an object has twice is refused: readers disagree about which of them counts.
 *
 * @throws ApiError BODY_MALFORMED
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text) as unknown
  } catch (error) {
    throw new ApiError('BODY_MALFORMED', 'The body is not JSON in UTF-8.', { cause: error })
  }
  const name = repeatedName(text)
  if (name === undefined) return value
  const shown = name.slice(0, 100).toWellFormed()
  throw new ApiError('BODY_MALFORMED', `An object of the body has the name ${JSON.stringify(shown)} twice.`)
}

/** A name that an object has twice, in a text that is JSON. */
function repeatedName(json: string): string | undefined {
  // Of each object and array that is open the names so far; an array has none.
  const open: (Set<string> | undefined)[] = []
  const marks = /["{}[\]]/g
  const colon = /[ \t\r\n]*:/y
  for (let mark = marks.exec(json); mark; mark = marks.exec(json)) {
    if (mark[0] === '{') open.push(new Set())
    else if (mark[0] === '[') open.push(undefined)
    else if (mark[0] !== '"') open.pop()
    else {
      const end = endOfString(json, mark.index)
      marks.lastIndex = end
      const names = open.at(-1)
      colon.lastIndex = end
      if (!names || !colon.test(json)) continue
      const name = JSON.parse(json.slice(mark.index, end)) as string
      if (names.has(name)) return name
      names.add(name)
    }
  }
  return undefined
}

/** Where the string that begins there has ended. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  for (;;) {
    let backslashes = 0
    while (json[end - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return end + 1
    end = json.indexOf('"', end + 1)
  }
}
