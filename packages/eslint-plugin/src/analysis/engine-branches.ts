import { isInside, isNode, parentOf, unwrap, type Node } from './estree.ts'

const otherEngine =
  /^(?:pglite|(?:better-)?sqlite3?|libsql|turso|d1|duckdb|mysql2?|mariadb|mssql|sqlserver|oracle(?:db)?|cockroach(?:db)?)(?:[_-]\w+)?$/i
const postgres = /^(?:pg|postgres(?:ql)?|postgres\.?js|node-postgres)$/i

/**
 * Whether code runs only where the file has found another database: below `if (dialect === 'pglite')`, in the `else` of
 * `dialect === 'postgres'`, in `case 'mysql'`.
 */
export function isForOtherEngine(node: Node): boolean {
  let inner = node
  for (let outer = parentOf(node); outer; outer = parentOf(outer)) {
    if (outer.type === 'IfStatement' || outer.type === 'ConditionalExpression') {
      const { alternate, consequent, test } = outer
      if (test && isNode(consequent) && isInside(inner, consequent) && says(test, '===', otherEngine)) return true
      if (test && isNode(consequent) && isInside(inner, consequent) && says(test, '!==', postgres)) return true
      if (test && alternate && isInside(inner, alternate) && says(test, '===', postgres)) return true
    } else if (outer.type === 'SwitchCase' && outer.test && outer.test !== inner && isText(outer.test, otherEngine)) {
      return true
    }
    inner = outer
  }
  return false
}

/** Whether a condition holds only if something is (or is not) one of the names. */
function says(test: Node, operator: '===' | '!==', names: RegExp): boolean {
  const condition = unwrap(test)
  const { left, right } = condition
  if (!left || !right) return false
  if (condition.type === 'LogicalExpression') {
    const [first, second] = [says(left, operator, names), says(right, operator, names)]
    return condition.operator === '||' ? first && second : first || second
  }
  if (condition.type !== 'BinaryExpression') return false
  if (condition.operator !== operator && condition.operator !== operator.slice(0, 2)) return false
  return isText(right, names) || isText(left, names)
}

function isText(node: Node, names: RegExp): boolean {
  const { type, value } = unwrap(node)
  return type === 'Literal' && typeof value === 'string' && names.test(value)
}
