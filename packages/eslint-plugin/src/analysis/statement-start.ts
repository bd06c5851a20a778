const statementStart =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*(?:select|insert|update|delete|merge|with|values|set|reset|discard|begin|start|commit|end|rollback|abort|savepoint|release|prepare|execute|deallocate|listen|unlisten|notify|declare|fetch|move|close|lock|load|do|call|copy|create|alter|drop|truncate|grant|revoke|vacuum|analyze|explain|comment|refresh|reindex|cluster|show|table|security|import)\b/i

/** Whether a text starts as a statement does. */
export function looksLikeStatement(text: string): boolean {
  return statementStart.test(text)
}

/** Statements that only SQLite and MySQL have. */
export const otherDialect =
  /^\s*(?:pragma\b|begin\s+(?:immediate|exclusive|deferred|concurrent)\b|vacuum\s+into\b|insert\s+or\s|replace\s+into\b|attach\s+(?:database\b|')|detach\s+database\b)/i
