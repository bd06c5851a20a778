import { engineOf, modules, type Exported } from './drivers.ts'
import { nameOf, propertyName, unwrap, type Node } from './estree.ts'
import type { Host } from './host.ts'
import type { Names, Variable } from './scope.ts'
import { matchesGlob, type Settings } from './settings.ts'

/** A name of a module: `default`, `*`, or an export. */
export interface ModuleName {
  readonly module: string
  readonly name: string
}

export const deepest = 16

/** Finds the modules and exports that names stand for: by imports, `require` and aliases. */
export class ModuleNames {
  readonly #names: Names
  readonly #settings: Settings
  readonly #host: Host
  readonly #variables = new Map<Variable, ModuleName | undefined>()
  readonly #exports = new Map<string, Exported | undefined>()
  #depth = 0

  constructor(names: Names, settings: Settings, host: Host) {
    this.#names = names
    this.#settings = settings
    this.#host = host
  }

  /** What a module says a callee or type is. */
  exportedOf(node: Node): Exported | undefined {
    const inner = unwrap(node)
    const found = this.moduleNameOf(inner)
    if (found) return this.exportOf(found)
    if (inner.type !== 'Identifier') return undefined
    const variable = this.#names.lookUp(String(inner.name), inner)
    const definition = variable && this.#names.definition(variable)
    if (definition?.type !== 'ClassName' || !definition.node.superClass || this.#depth > deepest) return undefined
    this.#depth += 1
    try {
      return this.exportedOf(definition.node.superClass)
    } finally {
      this.#depth -= 1
    }
  }

  /** The module and export that an expression or type name means. */
  moduleNameOf(node: Node): ModuleName | undefined {
    const inner = unwrap(node)
    if (inner.type === 'MemberExpression' && inner.object) {
      return this.#member(this.moduleNameOf(inner.object), propertyName(inner))
    }
    if (inner.type === 'TSQualifiedName' && inner.left && inner.right) {
      return this.#member(this.moduleNameOf(inner.left), nameOf(inner.right))
    }
    if (inner.type === 'CallExpression') {
      const [argument] = inner.arguments ?? []
      const isRequire = nameOf(inner.callee) === 'require' || inner.callee?.type === 'Import'
      const module = isRequire ? nameOf(argument) : undefined
      return module === undefined ? undefined : { module, name: '*' }
    }
    if (inner.type === 'AwaitExpression' || inner.type === 'ImportExpression') {
      const argument = inner.type === 'ImportExpression' ? inner : inner.argument
      const source = argument?.type === 'ImportExpression' ? nameOf(argument.source) : undefined
      return source === undefined ? undefined : { module: source, name: '*' }
    }
    if (inner.type !== 'Identifier') return undefined
    const variable = this.#names.lookUp(String(inner.name), inner)
    if (!variable || this.#variables.has(variable)) return variable && this.#variables.get(variable)
    // A name that leads to itself ends here.
    this.#variables.set(variable, undefined)
    const found = this.#ofVariable(variable)
    this.#variables.set(variable, found)
    return found
  }

  #ofVariable(variable: Variable): ModuleName | undefined {
    const definition = this.#names.definition(variable)
    if (!definition) return undefined
    if (definition.type === 'ImportBinding') {
      const module = nameOf(definition.parent?.source)
      if (module === undefined) return importEquals(definition.node)
      const { node } = definition
      if (node.type === 'ImportSpecifier') return { module, name: nameOf(node.imported) ?? 'default' }
      return { module, name: node.type === 'ImportDefaultSpecifier' ? 'default' : '*' }
    }
    const { id, init } = definition.node
    if (definition.type !== 'Variable' || !init || this.#depth > deepest) return undefined
    this.#depth += 1
    try {
      const whole = this.moduleNameOf(init)
      if (!whole || id?.type === 'Identifier') return whole
      const property = id?.properties?.find((item) => item.value === definition.name)
      return this.#member(whole, property && propertyName(property))
    } finally {
      this.#depth -= 1
    }
  }

  #member(found: ModuleName | undefined, name: string | undefined): ModuleName | undefined {
    if (!found || name === undefined) return undefined
    if (found.name === '*') return { module: found.module, name }
    if (found.name === 'default') {
      const known = modules[found.module]
      return { module: found.module, name: known?.[name] || !known?.['default'] ? name : `default.${name}` }
    }
    return { module: found.module, name: `${found.name}.${name}` }
  }

  /** What the analysis knows about an export. */
  exportOf(wanted: ModuleName): Exported | undefined {
    const key = `${wanted.module} ${wanted.name}`
    if (this.#exports.has(key)) return this.#exports.get(key)
    const exported = this.#readExport(wanted)
    this.#exports.set(key, exported)
    return exported
  }

  #readExport({ module, name }: ModuleName): Exported | undefined {
    if (matchesGlob(this.#settings.wrapper, module)) {
      return modules['pooler-safe']?.[name] ?? { driver: 'pooler-safe', role: 'either', as: 'value' }
    }
    if (engineOf(module) === 'foreign') return { driver: 'foreign', role: 'pool', as: 'value' }
    const table = modules[module]
    if (table)
      return (Object.hasOwn(table, name) ? table[name] : undefined) ?? (name === '*' ? table['default'] : undefined)
    const executor = this.#settings.executors?.find(
      (item) => item.export === name && (item.module === module || matchesGlob([item.module], module)),
    )
    if (executor) return { driver: 'unknown', role: executor.kind ?? 'either', as: 'value' }
    const origin = this.#host.originOf?.(module)
    if (origin === 'wrapper') return { driver: 'pooler-safe', role: 'either', as: 'value' }
    if (origin === 'foreign') return { driver: 'foreign', role: 'pool', as: 'value' }
    return undefined
  }
}

function importEquals(node: Node): ModuleName | undefined {
  const reference = (node as { readonly moduleReference?: { readonly expression?: Node } }).moduleReference
  const module = nameOf(reference?.expression)
  return module === undefined ? undefined : { module, name: '*' }
}
