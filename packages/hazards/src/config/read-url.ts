/** A connection URL taken apart. The password is left behind. */
export interface ConnectionUrl {
  readonly protocol: string
  readonly user?: string
  readonly hasPassword: boolean
  readonly host?: string
  readonly port?: number
  readonly database?: string
  /** As `pg` reads them: the last one of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
  /** Something looks like an unencoded part of a password: nothing of the address can be trusted or shown. */
  readonly suspicious?: true
}

const placeholder = 'no-host.invalid'

/**
 * Reads a connection URL as drivers do: credentials may come without a host, several hosts may be given (the first
 * counts), `host` and `port` parameters override the address. Gives `undefined` for what is not a URL. Never throws.
 */
export function readUrl(text: string): ConnectionUrl | undefined {
  const trimmed = text.trim()
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) return undefined
  const url = parse(firstHost(trimmed))
  if (!url) return undefined
  const parameters = new Map(url.searchParams)
  const host = parameters.get('host') ?? decode(url.hostname).replace(/^\[(.*)\]$/, '$1')
  const port = Number(parameters.get('port') ?? url.port)
  const user = parameters.get('user') ?? decode(url.username)
  const database = decode(url.pathname.slice(1))
  return {
    protocol: url.protocol.slice(0, -1).toLowerCase(),
    hasPassword: url.password !== '' || parameters.has('password'),
    ...(user !== '' && { user }),
    ...(host !== '' && host !== placeholder && { host }),
    ...(Number.isInteger(port) && port > 0 && { port }),
    ...(database !== '' && { database }),
    parameters,
    ...(isSuspicious(url) && { suspicious: true as const }),
  }
}

function parse(text: string): URL | undefined {
  for (const candidate of [text, text.replace('@/', `@${placeholder}/`), text.replace(':///', `://${placeholder}/`)]) {
    if (URL.canParse(candidate)) return new URL(candidate)
  }
  return undefined
}

/**
 * A raw `#`, `/` or `?` in a password ends the authority early: an `@` is left where none belongs, or a parameter that
 * is none.
 */
function isSuspicious(url: URL): boolean {
  const parameters = url.search.slice(1).split('&')
  return (
    url.hash !== '' ||
    `${url.pathname}${url.search}`.includes('@') ||
    parameters.some((parameter) => parameter !== '' && !parameter.includes('=')) ||
    [...url.searchParams.keys()].some((name) => /[^\w.-]/.test(name))
  )
}

/** Whether what looks like the name of a parameter may be the end of a password with a raw `&` in it. */
export function mayBePassword(parameters: ReadonlyMap<string, string>, name: string): boolean {
  const names = [...parameters.keys()]
  const password = names.indexOf('password')
  return password >= 0 && names.indexOf(name) > password
}

/** WHATWG URLs know one host; libpq and postgres.js take a list. */
function firstHost(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?[^/?#,@]*),[^/?#]*/i, '$1')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
