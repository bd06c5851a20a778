import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

interface DocumentedOperation {
  readonly operationId: string
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

export interface OpenApiDocument {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
}

export interface Documented {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly operation: DocumentedOperation
}

export async function readDocument(url: string): Promise<OpenApiDocument> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument
}

export function documentedOperations({ paths }: OpenApiDocument): Documented[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ id: operation.operationId, method, path, operation })),
  )
}

/** Says what is wrong with a real answer by what the document says of it; undefined when nothing is. */
export function answerValidator(
  document: OpenApiDocument,
): (documented: Documented, answer: Response) => Promise<string | undefined> {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'openapi.json')
  const escape = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
  return async ({ path, method, operation }, answer) => {
    const described = operation.responses[String(answer.status)]
    if (!described) return `the status ${answer.status} is not documented: ${await answer.text()}`
    const type = answer.headers.get('content-type')
    const content = described.content ?? {}
    if (type === null) return Object.keys(content).length > 0 ? 'the answer has no type' : undefined
    const known = Object.keys(content).find((one) => type.startsWith(one.split(';', 1)[0] ?? ''))
    if (known === undefined) return `the type ${type} is not documented`
    if (!known.includes('json') || known === 'application/x-ndjson') return undefined
    const pointer = ['paths', path, method, 'responses', String(answer.status), 'content', known, 'schema']
    const validate = ajv.compile({ $ref: `openapi.json#/${pointer.map(escape).join('/')}` })
    if (validate(await answer.json())) return undefined
    return ajv.errorsText(validate.errors)
  }
}
