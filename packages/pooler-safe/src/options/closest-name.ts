/** The known name closest to a mistyped one: same letters in another case, or at most two edits away. */
export function closestName(name: string, known: Iterable<string>): string | undefined {
  const plain = fold(name)
  let best: string | undefined
  let bestDistance = 3
  for (const candidate of known) {
    const distance = editDistance(plain, fold(candidate))
    if (distance >= bestDistance || distance >= plain.length) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}

function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 2) return Infinity
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[to.length] ?? Infinity
}
