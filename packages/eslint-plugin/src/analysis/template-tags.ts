import { nameOf, propertyName, unwrap, type Node } from './estree.ts'

/** Functions of template tags that splice text in (`sql.raw`), quote a name, bind a value, or leave nothing. */
export const splicing = new Set('raw unsafe __dangerous__rawValue dangerous rawSql literal'.split(' '))

export const naming = new Set('identifier ident id ref table column name as'.split(' '))

export const binding = new Set('param placeholder val value lit array json jsonb binary date timestamp uuid'.split(' '))

export const emptying = new Set(['empty'])

/** Tags whose templates are no SQL. */
export const otherTags = new Set(
  'gql graphql html css svg xml md markdown styled t msg i18n injectGlobal keyframes'.split(' '),
)

export const plainTags = new Set('dedent stripIndent stripIndents oneLine outdent trimIndent'.split(' '))

/** The name of a tag: the last one of `Prisma.sql`, `sql.type(schema)`, `` sql<Row>`…` ``. */
export function tagName(tag: Node): string {
  const inner = unwrap(tag)
  if (inner.type === 'MemberExpression') return propertyName(inner) ?? ''
  if (inner.type === 'CallExpression' && inner.callee) return tagName(inner.callee)
  return nameOf(inner) ?? ''
}
