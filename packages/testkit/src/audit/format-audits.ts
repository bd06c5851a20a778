import type { BackendAudit, Residue } from './residue.ts'

function describe({ kind, name, value, hazard, leftBy }: Residue): string {
  const what = value === '' ? `${kind} ${name}` : `${kind} ${name} = ${value.replaceAll(/\s+/g, ' ').slice(0, 80)}`
  if (!leftBy) return `${what} (${hazard})`
  const who =
    leftBy.applicationName === '' ? `client ${leftBy.client}` : `${leftBy.applicationName} (client ${leftBy.client})`
  return `${what} (${hazard})\n      left by ${who} in transaction ${leftBy.transaction}: ${leftBy.sql.replaceAll(/\s+/g, ' ').slice(0, 120)}`
}

/** A readable summary: one line when every backend is clean, else each dirty backend with what is left on it. */
export function formatAudits(audits: readonly BackendAudit[]): string {
  const dirty = audits.filter(({ clean }) => !clean)
  const count = `${audits.length} ${audits.length === 1 ? 'backend' : 'backends'}`
  if (dirty.length === 0) return `${count} audited, all clean`
  const blocks = dirty.map(({ backendPid, database, user, residue }) =>
    [`  backend ${backendPid} (${user} in ${database})`, ...residue.map((one) => `    ${describe(one)}`)].join('\n'),
  )
  return [`${count} audited, ${dirty.length} dirty:`, ...blocks].join('\n')
}
