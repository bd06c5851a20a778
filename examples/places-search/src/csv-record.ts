/**
 * One CSV record (RFC 4180), with its line break.
 *
 * What comes from the web ends in a spreadsheet here: a cell that a spreadsheet would run as a formula begins with an
 * apostrophe instead.
 */
export function csvRecord(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
