import type { JobEvent } from '../../index.ts'
import type { Outcome } from '../outcome.ts'

/** The outcome for scripts. Every file is in it. */
export function outcomeAsJson(outcome: Outcome, problems: readonly string[]): string {
  const { backends, audits, files, lateEvents, missingEvents, elapsedMs, ...rest } = outcome
  return JSON.stringify(
    {
      ok: problems.length === 0,
      problems,
      ...rest,
      seconds: Number((elapsedMs / 1_000).toFixed(3)),
      files: files.map(({ measurement, ...file }) => ({ ...file, ...measurement })),
      retriedJobEvents: lateEvents.map(eventAsJson),
      failedJobEvents: missingEvents.map(eventAsJson),
      backends: backends.map(({ pid, count, clients }) => ({ pid, count, clients: Object.fromEntries(clients) })),
      audit: audits && {
        backends: audits.length,
        clean: audits.length > 0 && audits.every(({ clean }) => clean),
        residue: audits.flatMap(({ backendPid, residue }) =>
          residue.map(({ kind, name, value, hazard }) => ({ backendPid, kind, name, value, hazard })),
        ),
      },
    },
    undefined,
    2,
  )
}

function eventAsJson({ at, fromState, toState, reason, attempt, worker }: JobEvent) {
  return { at: at.toISOString(), fromState, toState, reason, attempt, worker }
}
