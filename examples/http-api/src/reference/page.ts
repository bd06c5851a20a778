import { createHash } from 'node:crypto'

interface Described {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly unknown[]
  readonly requestBody?: unknown
  readonly responses?: Readonly<Record<string, unknown>>
}

/** The part of an OpenAPI document that the page shows. */
interface Document {
  readonly info: { readonly title: string; readonly description?: string | undefined }
  readonly paths?: unknown
  readonly components?: unknown
}

const methods = ['get', 'post', 'delete'] as const

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: color-mix(in srgb, currentColor 20%, transparent) }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem 4rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 3rem }
nav ul { columns: 2; list-style: none; padding: 0 }
details { border-top: 1px solid var(--line) }
summary { cursor: pointer; padding: .5rem 0 }
code, pre { font: .875em/1.5 ui-monospace, monospace } pre { overflow: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .25rem }
b { display: inline-block; font: 600 .8125em ui-monospace, monospace; min-width: 4.5em; text-transform: uppercase }
table { border-collapse: collapse; width: 100% } th, td { border-top: 1px solid var(--line); padding: .25rem .5rem .25rem 0; text-align: left; vertical-align: top }
`

/** The reference as one page of HTML: nothing is loaded from elsewhere, and nothing in it is run. */
export function referencePage(document: Document): { readonly html: string; readonly contentSecurityPolicy: string } {
  const groups = Map.groupBy(operationsOf(document), ({ operation }) => operation.tags?.[0] ?? 'Other')
  const sections = [...groups].map(
    ([tag, some]) =>
      `<section><h2 id="${anchor(tag)}">${escape(tag)}</h2>${some.map(operationHtml).join('')}</section>`,
  )
  const links = [...groups.keys()].map((tag) => `<li><a href="#${anchor(tag)}">${escape(tag)}</a></li>`)
  const { title, description = '' } = document.info
  const schemas = Object.entries((document.components as { schemas?: Record<string, unknown> }).schemas ?? {})
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}: reference</title><style>${style}</style></head>
<body><main><h1>${escape(title)}</h1><p>${escape(description)}</p>
<p>The same for programs: <a href="/openapi.json">openapi.json</a></p>
<nav aria-label="Groups"><ul>${links.join('')}<li><a href="#schemas">Schemas</a></li></ul></nav>
${sections.join('\n')}
<section><h2 id="schemas">Schemas</h2>${schemas.map(([name, schema]) => details(`schema-${name}`, escape(name), json(schema))).join('')}</section>
</main></body></html>
`
  const hash = createHash('sha256').update(style).digest('base64')
  return {
    html,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function operationsOf({ paths }: Document) {
  return Object.entries((paths ?? {}) as Record<string, Record<string, Described>>).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation ? [{ method, path, operation }] : []
    }),
  )
}

function operationHtml({ method, path, operation }: ReturnType<typeof operationsOf>[number]): string {
  const { operationId = '', summary = '', description = '', parameters, requestBody, responses = {} } = operation
  const answers = Object.entries(responses as Record<string, { description?: string }>)
  const rows = answers.map(
    ([status, one]) => `<tr><th scope="row">${escape(status)}</th><td>${escape(one.description ?? '')}</td></tr>`,
  )
  const body = [
    `<p>${escape(description)}</p>`,
    parameters?.length ? `<h3>Parameters</h3>${json(parameters)}` : '',
    requestBody === undefined ? '' : `<h3>Body</h3>${json(requestBody)}`,
    `<h3>Answers</h3><table>${rows.join('')}</table>${json(responses['200'] ?? responses['201'] ?? responses['202'] ?? {})}`,
  ]
  return details(operationId, `<b>${method}</b><code>${escape(path)}</code> ${escape(summary)}`, body.join(''))
}

function details(id: string, summary: string, body: string): string {
  return `<details id="${escape(id)}"><summary>${summary}</summary>${body}</details>`
}

function json(value: unknown): string {
  return `<pre>${escape(JSON.stringify(value, undefined, 2))}</pre>`
}

function anchor(tag: string): string {
  return tag.toLowerCase().replaceAll(/[^a-z]+/g, '-')
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replaceAll(/[&<>"]/g, (one) => entities[one] ?? one)
}
