import { bodyOf, propertyName, type Node } from './estree.ts'
import type { Names } from './scope.ts'

/** The type that a name is declared with. */
export function annotationOf(names: Names, node: Node): Node | undefined {
  if (node.type !== 'Identifier') return undefined
  const variable = names.lookUp(String(node.name), node)
  const definition = variable && names.definition(variable)
  return definition?.name.typeAnnotation ?? undefined
}

/** The type of a member of a type whose shape the file shows. */
export function typeOfMember(names: Names, annotation: Node, name: string): Node | undefined {
  let type: Node | undefined = annotation
  if (type.type === 'TSTypeAnnotation' && type.typeAnnotation) type = type.typeAnnotation
  let members = type.members
  if (type.type === 'TSTypeReference' && type.typeName?.type === 'Identifier') {
    const variable = names.lookUp(String(type.typeName.name), type)
    const declaration = variable && names.definition(variable)?.node
    if (declaration?.type === 'TSTypeAliasDeclaration') members = declaration.typeAnnotation?.members
    else if (declaration?.type === 'TSInterfaceDeclaration') members = bodyOf(declaration)
    else if (declaration?.type === 'ClassDeclaration') members = bodyOf(declaration)
  }
  return members?.find((member) => propertyName(member) === name)?.typeAnnotation ?? undefined
}
