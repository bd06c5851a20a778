import { nameOf, unwrap, type Node } from './estree.ts'
import type { Names } from './scope.ts'

const runners =
  /^(?:vitest|bun:test|node:test|@jest\/globals|mocha|ava|tap|tape|uvu|@playwright\/test|@japa\/runner|@std\/testing\/.*)$/
const globals = new Set('describe it test suite beforeAll beforeEach afterAll afterEach before after'.split(' '))

/** Whether a file holds tests: by what it imports, or by the globals of a runner that it calls. */
export function holdsTests(imports: ReadonlySet<string>, calls: readonly Node[], names: Names): boolean {
  for (const name of imports) if (runners.test(name)) return true
  let found = 0
  for (const { callee } of calls) {
    const inner = callee && unwrap(callee)
    if (inner?.type !== 'Identifier' || !globals.has(String(inner.name))) continue
    if (names.lookUp(nameOf(inner) ?? '', inner) === undefined) found += 1
    if (found > 1) return true
  }
  return false
}
