/**
 * Custom settings (`app.tenant`) are in no catalogue of PostgreSQL: an audit can only ask for names it has heard of.
 * These functions find candidates; a name that is no setting costs one lookup and shows nothing.
 */

const mentionsSet = /\bset(?:_config\b|\s)/i
const dotted = /(?<![\w$."])"?([A-Za-z_][\w$]*)"?\s*\.\s*"?([A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*)"?/g
const wholeName = /^[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)+$/

/** The dotted names in a text that sets something. */
export function settingNamesIn(sql: string): string[] {
  if (!sql.includes('.') || !mentionsSet.test(sql)) return []
  return [...sql.matchAll(dotted)].map(([, first = '', rest = '']) => `${first}.${rest}`.toLowerCase())
}

/** True when the text sets something whose name may be among the bound values. */
export function mayBindSettingName(sql: string): boolean {
  return sql.includes('$') && /set_config\b/i.test(sql)
}

/** True when a bound value looks like the name of a custom setting. */
export function isSettingName(value: string): boolean {
  return value.length < 200 && wholeName.test(value)
}
