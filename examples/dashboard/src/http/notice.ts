import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Undo } from '../context.ts'
import type { Notice } from '../view/layout.ts'

const cookie = 'dashboard_notice'

/** Keeps what to say on the next page, which this browser alone sees. */
export function leaveNotice(c: Context, text: string, undo?: Undo): void {
  const value = Buffer.from(JSON.stringify({ text: text.slice(0, 500), undo })).toString('base64url')
  setCookie(c, cookie, value, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 60 })
}

/** Takes what was left; once. */
export function takeNotice(c: Context): Notice | undefined {
  const value = getCookie(c, cookie)
  if (value === undefined) return undefined
  deleteCookie(c, cookie, { path: '/' })
  try {
    const { text, undo } = JSON.parse(Buffer.from(value, 'base64url').toString()) as Partial<Notice>
    if (typeof text !== 'string') return undefined
    const { action, values } = undo ?? {}
    // Only to this server: the cookie is a text that came with a request.
    const isUsable = typeof action === 'string' && /^\/[a-z]/.test(action) && typeof values === 'object'
    return { text, undo: isUsable ? { action, values } : undefined }
  } catch {
    return undefined
  }
}
