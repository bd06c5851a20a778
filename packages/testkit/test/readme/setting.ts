/** What the examples of the README have around them: what they printed. */
export const printed: string[] = []
export const print = (line: string): void => {
  printed.push(line)
}
