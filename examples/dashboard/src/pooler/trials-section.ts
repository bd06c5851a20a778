import { badge } from '../view/badge.ts'
import { actionButton } from '../view/form.ts'
import { html, type Html } from '../view/html.ts'
import { section } from '../view/layout.ts'
import { foreign } from '../view/text.ts'
import { when } from '../view/time.ts'
import { hazardTrials, type HazardTrial, type TrialResult } from './hazard-trials.ts'

/** Buttons that try a hazard, and the refusal that came of it. */
export function trialsSection(results: readonly TrialResult[], csrf: string): Html {
  const byId = new Map(results.map((result) => [result.trial.id, result]))
  return html`<div id="hazards">
    ${section(
      'Try a hazard',
      html`<p class="quiet">Each runs through the guard on a client connection whose bytes are counted.</p>
        <ul class="trials">
          ${hazardTrials.map((trial) => trialItem(trial, byId.get(trial.id), csrf))}
        </ul>`,
    )}
  </div>`
}

function trialItem(trial: HazardTrial, result: TrialResult | undefined, csrf: string): Html {
  const { id, title, statement, name, danger } = trial
  return html`<li id="hazard-${id}" class="trial">
    <div class="trial-head">
      <h3>${title}</h3>
      ${actionButton({ action: '/pooler/try', csrf, text: `Try: ${title}`, values: { hazard: id } })}
    </div>
    <p>
      <code>${statement}</code
      >${name === undefined ? null : html` <span class="quiet">prepared under the name</span> <code>${name}</code>`}
    </p>
    <p class="quiet">${danger}</p>
    ${result ? outcome(result) : null}
  </li>`
}

function outcome({ refusal, bytesSent, requestsSent, control, at }: TrialResult): Html {
  const proof = html`<p>
    ${bytesSent} bytes and ${requestsSent} requests left this process for it; <code>select 1</code> right after it on
    the same client connection: ${control.bytesSent} bytes, ${control.requestsSent} request.
  </p>`
  if (!refusal) {
    return html`<div class="trial-result" role="status">
      <p>${badge('failed', 'not refused', 'bad')} ${when(at)}</p>
      ${proof}
    </div>`
  }
  const { type, code, hazard, message, hint } = refusal
  return html`<div class="trial-result" role="status">
    <p>
      ${badge('succeeded', 'refused', 'good')} <code>${type}</code>
      <code>${code}</code>${hazard === undefined ? null : html` <code>${hazard}</code>`} ${when(at)}
    </p>
    <p>${foreign(message)}${hint === undefined ? null : html` ${foreign(hint)}`}</p>
    ${proof}
  </div>`
}
