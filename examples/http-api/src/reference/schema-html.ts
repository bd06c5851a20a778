import { escape } from './escape.ts'

/** The part of a JSON Schema that the page shows. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly description?: string
}

/** What a value is, in a line; what has a name is linked. */
export function typeHtml(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return `<a href="#schema-${escape(name)}">${escape(name)}</a>`
  }
  const parts = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (parts) return parts.map(typeHtml).join(schema.allOf ? ' and ' : ' or ')
  if (schema.const !== undefined) return `<code>${escape(JSON.stringify(schema.const))}</code>`
  if (schema.enum) return schema.enum.map((one) => `<code>${escape(String(one))}</code>`).join(', ')
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['anything'])
  return types.map((type) => plainHtml(type, schema)).join(' or ') + limitsOf(schema)
}

function plainHtml(type: string, { items, format, additionalProperties, properties }: Schema): string {
  if (type === 'array' && items) return `list of ${typeHtml(items)}`
  if (type === 'object' && typeof additionalProperties === 'object')
    return `object of ${typeHtml(additionalProperties)}`
  if (type === 'object' && properties) return `object with ${escape(Object.keys(properties).join(', '))}`
  return escape(format === undefined || type === 'null' ? type : `${type} (${format})`)
}

function limitsOf({ minimum, maximum, minLength, maxLength, minItems, maxItems }: Schema): string {
  const range = (least: number | undefined, most: number | undefined, what: string): string => {
    // What a number of JavaScript can be is no limit of ours.
    const top = most === undefined || most >= Number.MAX_SAFE_INTEGER ? undefined : most.toLocaleString('en')
    const bottom = least === undefined || least <= Number.MIN_SAFE_INTEGER ? undefined : least.toLocaleString('en')
    if (top === undefined) return bottom === undefined || what !== '' ? '' : `, at least ${bottom}`
    return bottom === undefined ? `, at most ${top}${what}` : `, ${bottom} to ${top}${what}`
  }
  return (
    range(minimum, maximum, '') + range(minLength, maxLength, ' characters') + range(minItems, maxItems, ' entries')
  )
}

/** A row of a table of values. */
export interface Row {
  readonly name: string
  readonly where?: string
  readonly schema: Schema
  readonly isRequired: boolean
  readonly description?: string | undefined
}

export function rowsOf({ properties = {}, required = [] }: Schema): Row[] {
  return Object.entries(properties).map(([name, schema]) => ({ name, schema, isRequired: required.includes(name) }))
}

export function tableHtml(rows: readonly Row[]): string {
  const cells = rows.map(({ name, where, schema, isRequired, description = schema.description ?? '' }) => {
    const needed = isRequired ? 'required' : 'optional'
    const text = [escape(where === undefined ? needed : `${where}, ${needed}`), escape(description)].filter(Boolean)
    return `<tr><th scope="row"><code>${escape(name)}</code></th><td class="type">${typeHtml(schema)}</td><td>${text.join('. ')}</td></tr>`
  })
  const head = '<thead><tr><th scope="col">Name</th><th scope="col">Value</th><th scope="col">Remarks</th></tr></thead>'
  // Scrolled by keyboard as well.
  return `<div class="scroll" tabindex="0" role="group" aria-label="Values"><table>${head}<tbody>${cells.join('')}</tbody></table></div>`
}

/** A schema with everything that it names. */
export function schemaHtml(schema: Schema): string {
  const inner = schema.type === 'array' ? schema.items : schema
  if (schema.$ref === undefined && inner?.properties) {
    return `${inner === schema ? '' : '<p>A list of objects:</p>'}${tableHtml(rowsOf(inner))}`
  }
  return `<p>${typeHtml(schema)}</p>`
}
