import {
  analyzeFile,
  isNode,
  nameOf,
  propertyName,
  unwrap,
  walk,
  type AnalysedOperation,
  type Node,
  type Project,
  type Settings,
  type Variable,
} from 'eslint-plugin-pooler-safe/analysis'
import { parseModule } from '../../audit/parse-module.ts'
import { Positions } from '../../audit/positions.ts'

/** A name that a module exports. */
export interface ModuleExport {
  readonly module: string
  readonly name: string
  /** The variable of this file that it came by. */
  readonly via: Variable | undefined
}

/** What the codemod knows about one file. */
export class ModuleFacts {
  readonly path: string
  readonly text: string
  readonly program: Node
  readonly operations: ReadonlyMap<Node, AnalysedOperation>
  readonly positions: Positions
  readonly #byName = new Map<unknown, Variable>()
  readonly #byReference = new Map<unknown, Variable>()

  /** Throws a `ModuleSyntaxError`. */
  constructor(path: string, text: string, settings: Settings, project: Project) {
    const parsed = parseModule(path, text)
    const host = project.hostFor(path, settings)
    const { operations } = analyzeFile({ path, source: text, ...parsed, settings, host, always: true })
    this.path = path
    this.text = text
    this.program = parsed.program
    this.operations = new Map(operations.map((operation) => [operation.node, operation]))
    this.positions = new Positions(text)
    for (const scope of parsed.scopeManager.scopes) {
      for (const variable of scope.set.values()) {
        for (const definition of variable.defs) this.#byName.set(definition.name, variable)
        for (const reference of variable.references) this.#byReference.set(reference.identifier, variable)
      }
    }
  }

  /** The variable that an identifier defines or means. */
  variableOf(identifier: Node): Variable | undefined {
    return this.#byName.get(identifier) ?? this.#byReference.get(identifier)
  }

  source(node: Node): string {
    return this.text.slice(...node.range)
  }

  line(node: Node): number {
    return this.positions.at(node.range[0]).line
  }

  /** Whether the name stands anywhere in the file. */
  mentions(name: string): boolean {
    return new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(this.text)
  }

  /** A name that nothing in the file has. */
  freeName(wanted: string): string {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? wanted : `${wanted}${String(number)}`
      if (!this.mentions(name)) return name
    }
  }

  find(wanted: (node: Node) => boolean): readonly Node[] {
    const found: Node[] = []
    walk(this.program, (node) => {
      if (wanted(node)) found.push(node)
    })
    return found
  }

  /** The module and export behind an expression: `Pool`, `pg.Pool`, `require('pg').Pool`. */
  exportOf(node: Node, depth = 0): ModuleExport | undefined {
    if (depth > 8) return undefined
    const inner = unwrap(node)
    if (inner.type === 'MemberExpression' && inner.object) {
      return member(this.exportOf(inner.object, depth + 1), propertyName(inner))
    }
    const required = moduleOfRequire(inner)
    if (required !== undefined) return { module: required, name: '*', via: undefined }
    if (inner.type !== 'Identifier') return undefined
    const variable = this.variableOf(inner)
    const [definition] = variable?.defs ?? []
    if (!variable || !definition || !isNode(definition.node)) return undefined
    if (definition.type === 'ImportBinding') {
      const module = isNode(definition.parent) ? nameOf(definition.parent.source) : undefined
      if (module === undefined) return undefined
      const specifier = definition.node
      const name =
        specifier.type === 'ImportSpecifier'
          ? (nameOf(specifier.imported) ?? 'default')
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : '*'
      return { module, name, via: variable }
    }
    if (definition.type !== 'Variable') return undefined
    const { id, init } = definition.node
    if (!init || !id) return undefined
    const whole = this.exportOf(init, depth + 1)
    if (!whole) return undefined
    if (id.type === 'Identifier') return { ...whole, via: variable }
    const property = id.properties?.find((item) => item.value === definition.name)
    const found = member(whole, property && propertyName(property))
    return found && { ...found, via: variable }
  }
}

function member(found: ModuleExport | undefined, name: string | undefined): ModuleExport | undefined {
  if (!found || name === undefined || (found.name !== '*' && found.name !== 'default')) return undefined
  return { ...found, name }
}

export function moduleOfRequire(node: Node): string | undefined {
  if (node.type !== 'CallExpression' || nameOf(node.callee) !== 'require') return undefined
  return nameOf(node.arguments?.[0])
}
