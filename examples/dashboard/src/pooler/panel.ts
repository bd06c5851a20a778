import type { DashboardPanel } from '../context.ts'
import { RequestRefused } from '../http/refused.ts'
import { badge } from '../view/badge.ts'
import { html, nothing } from '../view/html.ts'
import { live } from '../view/layout.ts'
import { auditSection } from './audit-section.ts'
import { changes } from './changes.ts'
import type { PoolerMonitor } from './monitor.ts'
import { backendsSection, countersSection, endpointSection, guardSection } from './sections.ts'
import { trialsSection } from './trials-section.ts'

const href = '/pooler'
const updateMs = 2_000

/** The page that shows what happens between the services and the backends, and lets it be tried. */
export function poolerPanel(monitor: PoolerMonitor): DashboardPanel {
  return {
    href,
    label: 'Pooler',
    routes(app, { render, done, form }) {
      app.get(href, async (c) => {
        const reading = await monitor.read()
        const { csrf } = c.get('visitor')
        return render(c, {
          title: 'Pooler',
          aside: reading.report ? badge('mode', `${reading.report.mode} mode`, 'good') : nothing,
          body: html`${live(`${href}/live`, false, html`${countersSection(reading)}${backendsSection(reading)}`)}
          ${auditSection(reading.audit, csrf)} ${trialsSection(reading.trials, csrf)} ${endpointSection(reading, csrf)}
          ${guardSection(reading)}`,
        })
      })
      // It always looks different: how often it is looked at is all there is to decide.
      app.get(`${href}/live`, (c) => changes(c, updateMs))
      app.post(`${href}/audit`, async (c) => {
        await form(c)
        const { audits, failed } = await monitor.auditNow()
        const dirty = audits.filter(({ clean }) => !clean).length
        const text = failed ?? `${audits.length} backends asked, ${dirty === 0 ? 'all clean' : `${dirty} dirty`}.`
        return done(c, `${href}#audit`, text)
      })
      app.post(`${href}/try`, async (c) => {
        const result = await monitor.tryHazard((await form(c)).text('hazard'))
        if (!result) throw new RequestRefused(404, 'There is no such hazard.', 'Choose one of the list.')
        const { trial, refusal, bytesSent } = result
        const text = refusal
          ? `${trial.title}: refused with ${refusal.code}, ${bytesSent} bytes sent.`
          : `${trial.title} was not refused.`
        return done(c, `${href}#hazard-${trial.id}`, text)
      })
      app.post(`${href}/probe`, async (c) => {
        await form(c)
        const { mode } = await monitor.probe()
        return done(c, `${href}#endpoint`, `The URL leads to a ${mode} endpoint.`)
      })
    },
  }
}
