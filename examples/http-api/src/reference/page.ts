import { createHash } from 'node:crypto'
import { escape, prose } from './escape.ts'
import { rowsOf, schemaHtml, tableHtml, typeHtml, type Schema } from './schema-html.ts'
import { script, style } from './style.ts'

type Content = Readonly<Record<string, { readonly schema?: Schema }>>

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: Schema
  readonly description?: string
}

interface Described {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>
  readonly security?: readonly unknown[]
}

/** The part of an OpenAPI document that the page shows. */
interface Document {
  readonly info: { readonly title: string; readonly description?: string | undefined }
  readonly paths?: unknown
  readonly components?: unknown
}

interface Place {
  readonly method: string
  readonly path: string
  readonly operation: Described
}

const methods = ['get', 'post', 'delete'] as const
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The reference as one page of HTML: nothing is loaded from elsewhere, and nothing is run but its own search. */
export function referencePage(document: Document): { readonly html: string; readonly contentSecurityPolicy: string } {
  const groups = [...Map.groupBy(placesOf(document), ({ operation }) => operation.tags?.[0] ?? 'Other')]
  const { title, description = '' } = document.info
  const schemas = Object.entries((document.components as { schemas?: Record<string, Schema> }).schemas ?? {})
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}: reference</title><style>${style}</style></head>
<body><nav class="side" aria-label="Operations">
<div hidden><label for="find">Find an operation</label><input id="find" type="search" autocomplete="off"><span id="found" role="status"></span></div>
${groups.map(([tag, places]) => linksHtml(tag, places)).join('\n')}
<h2><a href="#schemas">Schemas</a></h2></nav>
<main><h1>${escape(title)}</h1><p class="lead">${prose(description)}</p>
<p class="lead">Send <code>Authorization: Bearer pst_…</code>. The same for programs: <a href="/openapi.json">openapi.json</a></p>
${groups.map(([tag, places]) => `<section data-group><h2 id="${anchor(tag)}">${escape(tag)}</h2>${places.map(operationHtml).join('')}</section>`).join('\n')}
<section><h2 id="schemas">Schemas</h2>${schemas.map(([name, schema]) => details(`schema-${name}`, `<code>${escape(name)}</code>`, schemaHtml(schema))).join('')}</section>
</main><script>${script}</script></body></html>
`
  return {
    html,
    contentSecurityPolicy: `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function placesOf({ paths }: Document): Place[] {
  return Object.entries((paths ?? {}) as Record<string, Record<string, Described>>).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation ? [{ method, path, operation }] : []
    }),
  )
}

function linksHtml(tag: string, places: readonly Place[]): string {
  const links = places.map(
    (place) =>
      `<li ${findable(place)}><a href="#${escape(place.operation.operationId ?? '')}">${escape(place.operation.summary ?? place.path)}</a></li>`,
  )
  return `<div data-group><h2>${escape(tag)}</h2><ul>${links.join('')}</ul></div>`
}

function findable({ method, path, operation: { operationId = '', summary = '' } }: Place): string {
  return `data-find="${escape(`${method} ${path} ${operationId} ${summary}`.toLowerCase())}"`
}

function operationHtml(place: Place): string {
  const { method, path, operation } = place
  const { operationId = '', summary = '', description = '', parameters = [], requestBody, responses = {} } = operation
  const body = [
    ...description.split('\n\n').map((text) => `<p>${prose(text)}</p>`),
    `<pre tabindex="0" aria-label="Example">${escape(exampleOf(place))}</pre>`,
    parameters.length > 0 ? `<h3>Parameters</h3>${tableHtml(parameters.map(parameterRow))}` : '',
    ...Object.entries(requestBody?.content ?? {}).map(
      ([type, { schema = {} }]) => `<h3>Body: ${escape(type)}</h3>${schemaHtml(schema)}`,
    ),
    `<h3>Answers</h3><table><tbody>${Object.entries(responses).map(answerRow).join('')}</tbody></table>`,
  ]
  const head = `<b class="method ${method}">${method}</b><code>${escape(path)}</code><span>${escape(summary)}</span>`
  return details(operationId, head, body.join(''), findable(place))
}

function parameterRow({ name, in: where, required = false, schema = {}, description }: Parameter) {
  return { name, where, schema, isRequired: required, description }
}

function answerRow([status, { description = '', content = {} }]: [
  string,
  NonNullable<Described['responses']>[string],
]) {
  const types = Object.entries(content).map(([type, { schema = {} }]) =>
    type === 'application/problem+json'
      ? typeHtml(schema)
      : `${escape(type)}${schema.properties ? tableHtml(rowsOf(schema)) : `: ${typeHtml(schema)}`}`,
  )
  return `<tr><th scope="row">${escape(status)}</th><td>${prose(description)}</td><td class="type">${types.join('<br>')}</td></tr>`
}

/** A command that does it. */
function exampleOf({ method, path, operation: { requestBody, security } }: Place): string {
  const [type] = Object.keys(requestBody?.content ?? {})
  return [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"$API${path}"`,
    ...(security?.length === 0 ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...(type === undefined ? [] : [`-H "Content-Type: ${type}"`]),
    ...(type === undefined ? [] : [type === 'application/json' ? "--data '{…}'" : '--data-binary @file']),
  ].join(' \\\n  ')
}

function details(id: string, summary: string, body: string, attributes = ''): string {
  return `<details id="${escape(id)}" ${attributes}><summary>${summary}</summary><div class="body">${body}</div></details>`
}

function anchor(tag: string): string {
  return tag.toLowerCase().replaceAll(/[^a-z]+/g, '-')
}
