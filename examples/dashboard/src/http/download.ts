import type { PageRequestContext } from '../context.ts'

const types: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  geojson: 'application/geo+json; charset=utf-8',
}

/** Answers with a file that is written while it is sent: a part of it is in memory, whoever reads how slowly. */
export async function download(
  c: PageRequestContext,
  name: string,
  format: string,
  parts: AsyncGenerator<string, unknown, unknown>,
): Promise<Response> {
  // The first part is asked for before the answer begins: what is refused is still an error page.
  const first = await parts.next()
  const encoder = new TextEncoder()
  let waiting = first.done === true ? undefined : first.value
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = waiting ?? (await parts.next()).value
      waiting = undefined
      if (typeof part === 'string') controller.enqueue(encoder.encode(part))
      else controller.close()
    },
    async cancel() {
      await parts.return(undefined)
    },
  })
  return c.body(body, 200, {
    'content-type': types[format] ?? 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}.${format}"`,
  })
}
