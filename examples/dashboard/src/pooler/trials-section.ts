import { badge } from '../view/badge.ts'
import { csrfField } from '../view/form.ts'
import { html, nothing, type Html } from '../view/html.ts'
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
      html`<p class="lead">
          Each of these runs through the guard, on a client connection of its own whose bytes are counted.
        </p>
        <ul class="trials">
          ${hazardTrials.map((trial) => trialItem(trial, byId.get(trial.id), csrf))}
        </ul>`,
    )}
  </div>`
}

function trialItem(
  { id, title, statement, name, danger }: HazardTrial,
  result: TrialResult | undefined,
  csrf: string,
): Html {
  return html`<li id="hazard-${id}" class="trial">
    <div class="trial-head">
      <h3>${title}</h3>
      <form class="action" method="post" action="/pooler/try">
        ${csrfField(csrf)}<input type="hidden" name="hazard" value="${id}" />
        <button type="submit">Try<span class="sr-only"> ${title}</span></button>
      </form>
    </div>
    <p>
      <code>${statement}</code>
      ${name === undefined ? nothing : html`<span class="quiet">prepared under the name</span> <code>${name}</code>`}
    </p>
    <p class="quiet">${danger}</p>
    ${result ? outcome(result) : nothing}
  </li>`
}

function outcome({ refusal, bytesSent, requestsSent, control, at }: TrialResult): Html {
  const proof = html`<p>
    <strong>${bytesSent} bytes</strong> and ${requestsSent} requests left this process for it.
    <code>select 1</code> right after it, on the same client connection: ${control.bytesSent} bytes,
    ${control.requestsSent} request.
  </p>`
  if (!refusal) {
    return html`<div class="trial-result">
      <p>${badge('failed', 'not refused', 'bad')} <span class="quiet">${when(at)}</span></p>
      ${proof}
    </div>`
  }
  const { type, code, hazard, message, hint } = refusal
  return html`<div class="trial-result">
    <p>${badge('succeeded', 'refused', 'good')} <span class="quiet">${when(at)}</span></p>
    <p><code>${type}</code> <code>${code}</code> ${hazard === undefined ? nothing : html`<code>${hazard}</code>`}</p>
    <p>${foreign(message)}</p>
    ${hint === undefined ? nothing : html`<p class="quiet">${foreign(hint)}</p>`} ${proof}
  </div>`
}
