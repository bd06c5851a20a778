import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SourceCode } from 'eslint'
import type { Node } from './analysis/estree.ts'
import type { Declared } from './analysis/host.ts'

/** What is used of the TypeScript compiler: the parser brings it along, nothing here imports it. */
interface TypeServices {
  readonly program?: {
    getTypeChecker(): {
      getResolvedSignature(call: unknown): { readonly declaration?: DeclarationNode } | undefined
    }
  } | null
  readonly esTreeNodeToTSNodeMap?: { get(node: unknown): unknown }
}

interface DeclarationNode {
  readonly name?: { readonly text?: string }
  readonly parent?: DeclarationNode
  getSourceFile(): { readonly fileName: string }
}

/**
 * Asks the type checker where the method of a call is declared, when the parser provides types. Asking for the
 * declaration and not for the receiver's type sees through unions, subclasses, `Pick` and generics.
 */
export function declarationsOf(sourceCode: SourceCode): ((call: Node) => Declared | undefined) | undefined {
  const services = sourceCode.parserServices as TypeServices | undefined
  const { esTreeNodeToTSNodeMap: map, program } = services ?? {}
  if (!program || !map) return undefined
  return (call) => {
    const declaration = program.getTypeChecker().getResolvedSignature(map.get(call))?.declaration
    if (!declaration) return undefined
    const { fileName } = declaration.getSourceFile()
    const name = packageOf(fileName)
    if (name === undefined) return undefined
    return { package: name, container: containerOf(declaration), member: declaration.name?.text ?? '' }
  }
}

function containerOf(declaration: DeclarationNode): string {
  for (let node = declaration.parent; node; node = node.parent) if (node.name?.text !== undefined) return node.name.text
  return ''
}

const packages = new Map<string, string | undefined>()

/** The package that a file of declarations belongs to; `pg` for `@types/pg`. */
function packageOf(fileName: string): string | undefined {
  const match = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(fileName)
  if (match) return match[1]?.replace(/^@types\//, '').replace('__', '/')
  // A package of the same workspace, by its manifest.
  let folder = dirname(fileName)
  while (dirname(folder) !== folder) {
    const known = packages.get(folder)
    if (packages.has(folder)) return known
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }
      packages.set(folder, name)
      return name
    } catch {
      folder = dirname(folder)
    }
  }
  return undefined
}
