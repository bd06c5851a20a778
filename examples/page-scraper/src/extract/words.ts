/** Scripts without spaces between words: a character counts as a word. */
const words =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu

export function countWords(text: string): number {
  let count = 0
  words.lastIndex = 0
  while (words.test(text)) count += 1
  return count
}
