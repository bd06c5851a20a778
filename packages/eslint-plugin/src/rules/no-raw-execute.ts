import { createRule } from '../create-rule.ts'

/** Disallow running SQL on a driver past the safe session. */
export const noRawExecute = createRule({
  name: 'no-raw-execute',
  description: 'Disallow running SQL on a driver past the safe session',
  hazards: [],
  recommended: 'error',
  schema: [
    {
      type: 'object',
      properties: {
        receivers: {
          enum: ['all', 'known'],
          description:
            'all: every call that runs SQL and is not shown to reach the safe session. known: only calls on drivers that the file (or a type) shows.',
        },
      },
      additionalProperties: false,
    },
  ],
  defaultOptions: [{ receivers: 'all' }],
  wants: (finding, { receivers }) => receivers !== 'known' || finding.variant === 'driver',
})
