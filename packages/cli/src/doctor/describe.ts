import { wrap } from '../command-line/help.ts'
import type { Paint } from '../command-line/paint.ts'
import type { DoctorReport } from './diagnosis.ts'

/** A report for a terminal: what it is, what is wrong, what to do. */
export function describeReport(report: DoctorReport, paint: Paint): string {
  const { database, findings, network, pooler, recommendations, session, url } = report
  const { certificate } = network
  const row = (name: string, value: string): string => `  ${paint('dim', name.padEnd(22))}${value}`
  const dirty = database.backends.filter(({ clean }) => !clean).length
  const lines = [
    paint('bold', url),
    row('mode', `${paint('bold', session.mode)} (${session.evidence.join('; ')})`),
    row('pooler', pooler),
    row('PostgreSQL', session.serverVersion),
    row(
      'TLS',
      network.tls === 'offered'
        ? `${network.tlsProtocol ?? ''}, ${certificate?.subject ?? ''} by ${certificate?.issuer ?? ''} until ${certificate?.validTo ?? ''}`
        : network.tls,
    ),
    row(
      'log-in',
      `${network.authentication ?? 'unknown'}${network.channelBinding === undefined ? '' : `, channel binding ${network.channelBinding ? 'offered' : 'not offered'}`}`,
    ),
    row(
      'round trip',
      `${network.poolerRoundTripMs} ms to what listens, ${session.backendRoundTripMs} ms to a backend and back`,
    ),
    row('named statements', session.namedStatements),
    row('several Syncs', session.syncsInFlight),
    ...Object.entries(session.startup).map(([name, answer]) => row(`start-up`, `${name}: ${answer}`)),
    row('backends met', `${database.poolSizeSeen} at once of ${database.asked} asked for, ${dirty} dirty`),
    ...Object.entries(database.settings).map(([name, value]) => row('setting', `${name} = ${value}`)),
    '',
    findings.length === 0 ? paint('green', 'No findings.') : paint('bold', `${findings.length} findings`),
    ...findings.flatMap(({ advice, hazard, severity, title }) => [
      `  ${paint(severity === 'perf' ? 'yellow' : 'red', severity.padEnd(5))} ${paint('dim', hazard)}`,
      ...wrap(title, 90).map((line) => `        ${line}`),
      ...wrap(`→ ${advice}`, 90).map((line) => `        ${paint('green', line)}`),
    ]),
    '',
    paint('bold', 'Settings for clients'),
    ...Object.entries(recommendations).flatMap(([driver, list]) => list.map((item) => row(driver, item))),
    '',
  ]
  return lines.join('\n')
}
