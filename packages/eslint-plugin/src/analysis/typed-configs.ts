import { optionFindings } from './option-findings.ts'
import type { CodeFacts } from './code-facts.ts'
import type { Driver } from './drivers.ts'
import {
  bodyOf,
  classAround,
  functionAround,
  nameOf,
  propertyName,
  unwrap,
  valueOfProperty,
  type Node,
} from './estree.ts'
import type { Finding } from './finding.ts'

/** The types of options that drivers are made with, by module and name. */
const configTypes: Readonly<Record<string, Driver>> = {
  'pg:PoolConfig': 'pg',
  'pg:ClientConfig': 'pg',
  'pg:ConnectionConfig': 'pg',
  'knex:Knex.Config': 'knex',
  '@mikro-orm/postgresql:Knex.Config': 'knex',
  'typeorm:DataSourceOptions': 'typeorm',
  'typeorm/driver/postgres/PostgresConnectionOptions:PostgresConnectionOptions': 'typeorm',
  'sequelize:Options': 'sequelize',
  'sequelize-typescript:SequelizeOptions': 'sequelize',
}

/** Whether a source names such a type. */
export const hasConfigType =
  /\b(?:PoolConfig|ClientConfig|ConnectionConfig|Knex\.Config|DataSourceOptions|PostgresConnectionOptions|SequelizeOptions)\b|['"]sequelize['"]/

/** Options that are written in one place and given to a driver in another: their type says what they are. */
export function typedConfigFindings(objects: readonly Node[], facts: CodeFacts): readonly Finding[] {
  if (facts.engine === 'foreign') return []
  return objects.flatMap((object): readonly Finding[] => {
    const type = annotationOf(object, facts)
    const driver = type && driverOfType(type, facts)
    if (driver === undefined || isOtherEngine(object) || facts.receivers.isDirect([object])) return []
    return optionFindings(object, driver, facts)
  })
}

function driverOfType(annotation: Node, facts: CodeFacts): Driver | undefined {
  let type = annotation
  if (type.type === 'TSTypeAnnotation' && type.typeAnnotation) type = type.typeAnnotation
  if (type.type !== 'TSTypeReference' || !type.typeName) return undefined
  const [argument] = (type.typeArguments as { readonly params?: readonly Node[] } | null | undefined)?.params ?? []
  const isTransparent = /^(?:Promise|Partial|Readonly|Required|Omit)$/.test(nameOf(type.typeName) ?? '')
  if (isTransparent) return argument && driverOfType(argument, facts)
  const found = facts.receivers.moduleNameOf(type.typeName)
  return found && configTypes[`${found.module}:${found.name}`]
}

/** The type that is written at the place where an object goes. */
function annotationOf(object: Node, { names }: CodeFacts): Node | undefined {
  const { parent } = object
  if (!parent) return undefined
  switch (parent.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'PropertyDefinition':
      return parent.typeAnnotation ?? undefined
    case 'VariableDeclarator':
      return parent.id?.typeAnnotation ?? undefined
    case 'ReturnStatement':
    case 'ArrowFunctionExpression':
      return functionAround(object).returnType ?? undefined
    case 'AssignmentExpression': {
      const target = parent.left && unwrap(parent.left)
      if (target?.type === 'MemberExpression' && target.object?.type === 'ThisExpression') {
        const owner = classAround(parent)
        const field = owner && bodyOf(owner).find((member) => propertyName(member) === propertyName(target))
        return field?.typeAnnotation ?? undefined
      }
      const variable = target?.type === 'Identifier' ? names.lookUp(String(target.name), target) : undefined
      return (variable && names.definition(variable))?.name.typeAnnotation ?? undefined
    }
  }
  return undefined
}

/** `client: 'mysql2'`, `type: 'sqlite'`, `dialect: 'mariadb'` */
function isOtherEngine(object: Node): boolean {
  return ['client', 'type', 'dialect'].some((name) => {
    const value = nameOf(valueOfProperty(object, name))
    return value !== undefined && /mysql|maria|sqlite|mssql|oracle|mongo/i.test(value)
  })
}
