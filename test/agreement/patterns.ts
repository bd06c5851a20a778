import { readdirSync, readFileSync } from 'node:fs'
import { Random } from './random.ts'

/** A pattern, parsed: text, or a choice between sequences. */
type Part = string | readonly Sequence[]
type Sequence = readonly Part[]

const mostPerPattern = 150

/** Every distinct text of the corpus, valid or not, by file. */
export function readCorpus(): ReadonlyMap<string, readonly string[]> {
  const folder = new URL('./corpus/', import.meta.url)
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  const corpus = new Map<string, readonly string[]>()
  for (const file of files.sort()) {
    const lines = readFileSync(new URL(file, folder), 'utf8').split('\n')
    const texts = new Set<string>()
    for (const line of lines) {
      if (line.trim() !== '') for (const text of expandPattern(line)) texts.add(text)
    }
    corpus.set(file, [...texts])
  }
  return corpus
}

/** The texts that a pattern stands for. */
export function expandPattern(pattern: string, most = mostPerPattern): readonly string[] {
  const { sequence } = parse(pattern, 0)
  const total = count(sequence)
  const texts: string[] = []
  if (total <= most) {
    for (let n = 0; n < total; n += 1) texts.push(nth(sequence, n))
    return texts
  }
  // Seeded by the pattern itself, so that other lines do not change the choice.
  let seed = 7
  for (const c of pattern) seed = (Math.imul(seed, 31) + (c.codePointAt(0) ?? 0)) >>> 0
  const random = new Random(seed)
  for (let n = 0; n < most; n += 1) texts.push(nth(sequence, random.below(total)))
  return texts
}

function parse(pattern: string, from: number): { readonly sequence: Sequence; readonly end: number } {
  const sequence: Part[] = []
  let text = ''
  let i = from
  for (; i < pattern.length; i += 1) {
    const c = pattern.charAt(i)
    if (c === '\\' && '{|}'.includes(pattern.charAt(i + 1))) {
      text += pattern.charAt(i + 1)
      i += 1
    } else if (c === '{') {
      const choices: Sequence[] = []
      do {
        const choice = parse(pattern, i + 1)
        choices.push(choice.sequence)
        i = choice.end
      } while (pattern.charAt(i) === '|')
      sequence.push(text, choices)
      text = ''
    } else if (from > 0 && (c === '|' || c === '}')) break
    else text += c
  }
  sequence.push(text)
  return { sequence, end: i }
}

function count(sequence: Sequence): number {
  let total = 1
  for (const part of sequence) {
    if (typeof part !== 'string') total *= part.reduce((sum, choice) => sum + count(choice), 0)
  }
  return total
}

/** The text number `n` of a sequence, numbered like a mixed-radix number. */
function nth(sequence: Sequence, n: number): string {
  let text = ''
  let rest = n
  for (const part of sequence) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    const total = part.reduce((sum, choice) => sum + count(choice), 0)
    let index = rest % total
    rest = Math.floor(rest / total)
    for (const choice of part) {
      const size = count(choice)
      if (index < size) {
        text += nth(choice, index)
        break
      }
      index -= size
    }
  }
  return text
}
