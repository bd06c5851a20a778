import { functionRules } from './table.ts'

/** One query, started by a keyword that can be harmless. */
const queryStart = /^[ \t\n\r\f\v]*(?:select|insert|update|delete|values|with)[ \t\n\r\f\v(*]/i

/**
 * Whatever could begin a string, a quoted name, a comment, a dollar quote or a further statement, and characters whose
 * place in a word only the lexer knows.
 */
const needsLexer = /['";\0\\\x80-\uffff]|--|\/\*|\$(?![0-9])/

/** The shortest beginnings that cover every name of the function table. */
const functionStarts = [
  ...new Set([...functionRules.keys()].map((name) => (name.startsWith('pg_') ? name.slice(0, 6) : name.slice(0, 4)))),
]

/** Every word that can make a query more than harmless. */
const hazardWord = new RegExp(`\\b(?:${functionStarts.join('|')}|pg_temp|temp|current\\b|for\\b)`, 'i')

/**
 * Whether a text is certainly one harmless query, so that nothing needs to read it. Sound, not complete: `false` says
 * nothing. Returns where the statement starts and ends, or nothing.
 */
export function harmlessQuery(text: string): { readonly start: number; readonly end: number } | undefined {
  if (!queryStart.test(text)) return undefined
  const end = endOfQuery(text)
  if (needsLexer.test(end === text.length ? text : text.slice(0, end)) || hazardWord.test(text)) return undefined
  return { start: text.search(/[^ \t\n\r\f\v]/), end }
}

function endOfQuery(text: string): number {
  const last = text.charCodeAt(text.length - 1)
  // Most texts end with a letter, digit or parenthesis.
  if (last > 32 && last !== 59) return text.length
  let end = text.length
  let semicolon = false
  for (; end > 0; end -= 1) {
    const c = text.charCodeAt(end - 1)
    if (c === 59 && !semicolon) semicolon = true
    else if (c !== 32 && (c < 9 || c > 13)) break
  }
  return end
}
