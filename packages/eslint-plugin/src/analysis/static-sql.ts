import { assumed, combine, limit, mostAlternatives, type Alternatives, type Pieces } from './alternatives.ts'
import { appended, type Built } from './appended.ts'
import { decode } from './decode.ts'
import { Definitions, deepest } from './definitions.ts'
import {
  functionAround,
  isFunction,
  isNode,
  nameOf,
  propertyName,
  unwrap,
  valueOfProperty,
  walk,
  type Node,
} from './estree.ts'
import { writesOf, type Names, type Variable } from './scope.ts'
import { isHole, type HoleKind, type Piece } from './sql-text.ts'
import { binding, emptying, naming, otherTags, plainTags, splicing, tagName } from './template-tags.ts'

/** Methods that leave the meaning of a text alone. */
const neutralMethods = new Set(
  'trim trimStart trimEnd toString valueOf replace replaceAll toLowerCase toUpperCase normalize'.split(' '),
)

/** Puts SQL together from the expressions that make it, as far as the file shows them. */
export class StaticSql {
  readonly #source: string
  readonly #names: Names
  readonly #definitions: Definitions
  readonly #open = new Set<Node>()
  #depth = 0
  /** Every string and template that became part of a text. */
  readonly used = new Set<Node>()

  constructor(source: string, names: Names) {
    this.#source = source
    this.#names = names
    this.#definitions = new Definitions(names)
  }

  /** What an expression may be as text. */
  textsOf(node: Node): Alternatives {
    const inner = unwrap(node)
    if (this.#depth >= deepest || this.#open.has(inner)) return [[hole('raw', inner)]]
    this.#open.add(inner)
    this.#depth += 1
    try {
      return this.#read(inner)
    } finally {
      this.#depth -= 1
      this.#open.delete(inner)
    }
  }

  /** The expression that a name or property stands for, where the file shows exactly one. */
  resolve(node: Node): Node {
    return this.#definitions.resolve(node)
  }

  /** The function that a callee means, where it is defined in the file. */
  functionOf(callee: Node): Node | undefined {
    return this.#definitions.functionOf(callee)
  }

  #read(node: Node): Alternatives {
    switch (node.type) {
      case 'Literal':
        return [[this.#literal(node)]]
      case 'TemplateLiteral':
        return this.#template(node, false, (expression) => this.textsOf(expression))
      case 'TaggedTemplateExpression':
        return this.#tagged(node)
      case 'BinaryExpression':
        if (node.operator !== '+' || !node.left || !node.right) break
        return combine(this.#sumTerms(node).map((term) => this.textsOf(term)))
      case 'ConditionalExpression':
        if (!isNode(node.consequent) || !node.alternate) break
        return limit([
          ...this.#assume(node, true, this.textsOf(node.consequent)),
          ...this.#assume(node, false, this.textsOf(node.alternate)),
        ])
      case 'LogicalExpression':
        if (!node.left || !node.right) break
        if (node.operator === '&&') return limit([...this.textsOf(node.right), []])
        return limit([...this.textsOf(node.left), ...this.textsOf(node.right)])
      case 'AssignmentExpression':
        if (node.operator === '=' && node.right) return this.textsOf(node.right)
        break
      case 'Identifier':
        return this.#variable(node)
      case 'MemberExpression': {
        const value = this.#definitions.definitionOf(node)
        if (value) return this.textsOf(value)
        if (propertyName(node) === 'empty') return [[]]
        break
      }
      case 'CallExpression':
        return this.#call(node)
      case 'ObjectExpression': {
        const text = ['text', 'sql', 'query', 'statement']
          .map((name) => valueOfProperty(node, name))
          .find((value) => value !== undefined)
        if (text) return this.textsOf(text)
        break
      }
    }
    return [[hole('raw', node)]]
  }

  /** Texts that are made only if a condition holds (or does not): one condition has one answer in a text. */
  #assume(node: Node, holds: boolean, alternatives: Alternatives): Alternatives {
    const { test } = node
    if (!test) return alternatives
    let condition = unwrap(test)
    let answer = holds
    while (condition.type === 'UnaryExpression' && condition.operator === '!' && condition.argument) {
      condition = unwrap(condition.argument)
      answer = !answer
    }
    const key = this.#source.slice(condition.range[0], condition.range[1])
    return alternatives.flatMap((pieces): Pieces[] => {
      const known = assumed.get(pieces)
      if (known?.has(key) && known.get(key) !== answer) return []
      const copy = [...pieces]
      assumed.set(copy, new Map([...(known ?? []), [key, answer]]))
      return [copy]
    })
  }

  /** The terms of `a + b + c`, without recursion: sums may have thousands. */
  #sumTerms(node: Node): Node[] {
    const terms: Node[] = []
    let current = node
    while (current.type === 'BinaryExpression' && current.operator === '+' && current.left && current.right) {
      terms.push(current.right)
      current = unwrap(current.left)
    }
    terms.push(current)
    return terms.reverse()
  }

  #literal(node: Node): Piece {
    this.used.add(node)
    const [start, end] = node.range
    if (typeof node.value === 'string') return decode(this.#source, start + 1, end - 1)
    return { text: this.#source.slice(start, end), start }
  }

  #template(node: Node, raw: boolean, read: (expression: Node) => Alternatives): Alternatives {
    this.used.add(node)
    const parts: Alternatives[] = []
    const quasis = node.quasis ?? []
    quasis.forEach((element, index) => {
      parts.push([[this.#element(element, raw)]])
      const expression = node.expressions?.[index]
      if (expression && index < quasis.length - 1) parts.push(read(expression))
    })
    return combine(parts)
  }

  /** Parsers disagree whether the range of a template element holds its delimiters. */
  #element(element: Node, raw: boolean): Piece {
    const source = this.#source
    let [start, end] = element.range
    const written = (element.value as { readonly raw?: string } | undefined)?.raw ?? ''
    const opens = source.charAt(start) === '`' || source.charAt(start) === '}'
    const inner = source.slice(start + 1, start + 1 + written.length).replaceAll('\r\n', '\n')
    if (opens && (written === '' || inner.startsWith(written.slice(0, inner.length)))) start += 1
    if (source.charAt(end - 1) === '`' && !(source.charAt(end - 2) === '\\')) end -= 1
    else if (source.slice(end - 2, end) === '${' && end - 2 >= start) end -= 2
    return decode(source, start, Math.max(start, end), raw)
  }

  #tagged(node: Node): Alternatives {
    const { quasi, tag } = node
    if (!quasi || !tag) return [[hole('raw', node)]]
    const name = tagName(tag)
    if (otherTags.has(name)) return [[hole('raw', node)]]
    if (plainTags.has(name)) return this.#template(quasi, false, (expression) => this.textsOf(expression))
    const isRaw = tag.type === 'MemberExpression' && propertyName(tag) === 'raw' && nameOf(tag.object) === 'String'
    if (isRaw) return this.#template(quasi, true, (expression) => this.textsOf(expression))
    return this.#template(quasi, false, (expression) => this.#interpolation(expression))
  }

  /** What stands in `${}` of a template with a tag: a fragment of SQL, or a value to bind. */
  #interpolation(expression: Node): Alternatives {
    const inner = this.resolve(expression)
    switch (inner.type) {
      case 'TaggedTemplateExpression':
        return this.textsOf(inner)
      case 'ConditionalExpression':
        if (isNode(inner.consequent) && inner.alternate) {
          return limit([
            ...this.#assume(inner, true, this.#interpolation(inner.consequent)),
            ...this.#assume(inner, false, this.#interpolation(inner.alternate)),
          ])
        }
        break
      case 'CallExpression': {
        const callee = inner.callee && unwrap(inner.callee)
        const name = callee?.type === 'MemberExpression' ? propertyName(callee) : undefined
        if (name !== undefined && (splicing.has(name) || naming.has(name) || name === 'join'))
          return this.textsOf(inner)
        if (callee && this.#returned(callee)?.type === 'TaggedTemplateExpression') return this.textsOf(inner)
        break
      }
      case 'MemberExpression':
        if (propertyName(inner) === 'empty') return [[]]
    }
    return [[hole('param', inner)]]
  }

  #call(node: Node): Alternatives {
    const callee = node.callee && unwrap(node.callee)
    const [first] = node.arguments ?? []
    if (!callee) return [[hole('raw', node)]]
    if (callee.type === 'MemberExpression' && callee.object) {
      const method = propertyName(callee) ?? ''
      if (method === 'join') return this.#join(callee.object, first, node)
      if (method === 'concat') {
        return combine([callee.object, ...(node.arguments ?? [])].map((part) => this.textsOf(part)))
      }
      if (emptying.has(method)) return [[]]
      if (splicing.has(method) && first && !isString(callee.object)) return this.textsOf(first)
      if (naming.has(method)) return [[hole('name', node)]]
      if (binding.has(method)) return [[hole('param', node)]]
      if (method === 'format' || method === 'withArray') return this.#format(node)
      if (neutralMethods.has(method)) return this.textsOf(callee.object)
      // Kysely: `` sql`…`.compile(db) ``
      if (method === 'compile' && unwrap(callee.object).type === 'TaggedTemplateExpression') {
        return this.textsOf(callee.object)
      }
    }
    if (callee.type === 'Identifier') {
      if (plainTags.has(String(callee.name)) && first) return this.textsOf(first)
      if (this.#isFormat(callee)) return this.#format(node)
      if (/^(?:raw|unsafe|sql)$/i.test(String(callee.name)) && first && isString(unwrap(first))) {
        return this.textsOf(first)
      }
    }
    const returned = this.#returned(callee)
    const target = returned && this.functionOf(callee)
    if (!returned || !target) return [[hole('raw', node)]]
    return this.#withArguments(target, node.arguments ?? [], () => this.textsOf(returned))
  }

  /** The one expression that a function of this file returns. */
  #returned(callee: Node): Node | undefined {
    const target = this.functionOf(callee)
    if (!target || target.async) return undefined
    if (isNode(target.body) && target.body.type !== 'BlockStatement') return unwrap(target.body)
    const returns: Node[] = []
    walk(target, (node) => {
      if (node !== target && isFunction(node)) return false
      if (node.type === 'ReturnStatement') returns.push(node)
      return returns.length < 2
    })
    const [only] = returns
    return returns.length === 1 && only?.argument ? unwrap(only.argument) : undefined
  }

  #withArguments(target: Node, given: readonly Node[], read: () => Alternatives): Alternatives {
    const added: Variable[] = []
    target.params?.forEach((parameter, index) => {
      const value = given[index]
      if (parameter.type !== 'Identifier' || !value || value.type === 'SpreadElement') return
      const variable = this.#names.lookUp(String(parameter.name), parameter)
      if (!variable || this.#definitions.bound.has(variable)) return
      this.#definitions.bound.set(variable, value)
      added.push(variable)
    })
    try {
      return read()
    } finally {
      for (const variable of added) this.#definitions.bound.delete(variable)
    }
  }

  #join(object: Node, separator: Node | undefined, node: Node): Alternatives {
    const array = this.resolve(object)
    // A list that starts empty is filled somewhere else.
    if (array.type !== 'ArrayExpression' || array.elements?.length === 0) return [[hole('fragment', node)]]
    const between = separator ? this.textsOf(separator) : [[{ text: ',', start: node.range[0] }]]
    const parts: Alternatives[] = []
    for (const element of array.elements ?? []) {
      if (!element) continue
      if (parts.length > 0) parts.push(between)
      parts.push(element.type === 'SpreadElement' ? [[hole('fragment', element)]] : this.textsOf(element))
    }
    return combine(parts)
  }

  #isFormat(callee: Node): boolean {
    const variable = this.#names.lookUp(String(callee.name), callee)
    const definition = variable && this.#names.definition(variable)
    const from = definition?.type === 'ImportBinding' ? nameOf(definition.parent?.source) : undefined
    return from !== undefined && /^(?:pg-format|(?:node:)?util|@scaleleap\/pg-format)$/.test(from)
  }

  /** `format('… %I … %L', …)`: names, literals and text to splice in. */
  #format(node: Node): Alternatives {
    const [first] = node.arguments ?? []
    if (!first) return [[hole('raw', node)]]
    return this.textsOf(first).map((pieces) =>
      pieces.flatMap((piece): Piece[] => {
        if (isHole(piece) || piece.offsets || !piece.text.includes('%')) return [piece]
        const parts: Piece[] = []
        let from = 0
        for (const match of piece.text.matchAll(/%(?:\d+\$)?([ILs%])/g)) {
          parts.push({ text: piece.text.slice(from, match.index), start: piece.start + from })
          if (match[1] === '%') parts.push({ text: '%', start: piece.start + match.index })
          else parts.push(hole(match[1] === 'I' ? 'name' : match[1] === 'L' ? 'param' : 'raw', first))
          from = match.index + match[0].length
        }
        parts.push({ text: piece.text.slice(from), start: piece.start + from })
        return parts
      }),
    )
  }

  /** A variable: its constant value, or all that is assigned and appended to it. */
  #variable(node: Node): Alternatives {
    const variable = this.#names.lookUp(String(node.name), node)
    if (!variable) return [[hole('raw', node)]]
    const given = this.#definitions.bound.get(variable)
    if (given) return this.textsOf(given)
    const definition = this.#names.definition(variable)
    if (definition?.type !== 'Variable' || definition.node.id?.type !== 'Identifier') return [[hole('raw', node)]]
    const { init } = definition.node
    let built: readonly Built[] = init ? this.textsOf(init).map((pieces) => ({ pieces, writes: [] })) : []
    const home = functionAround(definition.node)
    for (const write of writesOf(variable)) {
      const parent = write.parent
      if (!parent || parent === definition.node) continue
      if (parent.type !== 'AssignmentExpression' || parent.left !== write || !parent.right) return [[hole('raw', node)]]
      const value = this.textsOf(parent.right)
      if (parent.operator === '=') built = [...built, ...value.map((pieces) => ({ pieces, writes: [write] }))]
      else if (parent.operator === '+=') built = appended(built, value, write, home)
      else return [[hole('raw', node)]]
      built = built.slice(0, mostAlternatives)
    }
    return built.length > 0 ? built.map(({ pieces }) => pieces) : [[hole('raw', node)]]
  }
}

function hole(kind: HoleKind, node: Node): Piece {
  return { hole: kind, node }
}

function isString(node: Node): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string')
}
