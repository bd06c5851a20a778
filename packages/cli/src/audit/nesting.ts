/** The parser is native code: what exhausts its stack ends the process. It copes with some four times as much. */
const deepestBrackets = 1_500
const longestChain = 4_000
const longestSum = 16_000

/**
 * Whether a source nests deeper than a parser's stack is sure to hold: brackets, or conditions, arrows and assignments
 * within one another, or `else if` after `else if`. Estimated from the characters alone, in one pass; too deep rather than
 * not deep enough.
 */
export function isTooDeep(source: string): boolean {
  let brackets = 0
  let chain = 0
  let sum = 0
  let branches = 0
  for (let at = 0; at < source.length; at += 1) {
    switch (source.charAt(at)) {
      case '(':
      case '[':
      case '{':
        brackets += 1
        if (brackets > deepestBrackets) return true
        break
      case ')':
      case ']':
        brackets = Math.max(0, brackets - 1)
        break
      case '}':
        brackets = Math.max(0, brackets - 1)
        branches = continues(source, at + 1, 'else') ? branches + 1 : 0
        if (branches > longestChain) return true
        break
      case '?':
      case ':':
      case '=':
      case '<':
        chain += 1
        if (chain > longestChain) return true
        break
      case '+':
      case '.':
      case '&':
      case '|':
      case '*':
        sum += 1
        if (sum > longestSum) return true
        break
      case ';':
      case ',':
        chain = 0
        sum = 0
        break
      case '\n':
        if (isStatementEnd(source, at + 1)) {
          chain = 0
          sum = 0
        }
    }
  }
  return false
}

function continues(source: string, from: number, word: string): boolean {
  let at = from
  while (at < source.length && source.charCodeAt(at) <= 32) at += 1
  return source.startsWith(word, at)
}

/** Whether a line does not go on with the one before. */
function isStatementEnd(source: string, from: number): boolean {
  let at = from
  while (source[at] === ' ' || source[at] === '\t') at += 1
  return !/[?:=<+.&|*)\]]/.test(source[at] ?? '')
}
