import { createRule } from '../create-rule.ts'

/** Disallow session state in DO blocks and in the bodies of routines. */
export const noHazardInBody = createRule({
  name: 'no-hazard-in-body',
  description: 'Disallow session state in DO blocks and in the bodies of routines',
  hazards: ['hidden-in-routine'],
  recommended: 'warn',
  schema: [
    {
      type: 'object',
      properties: {
        dynamic: { type: 'boolean', description: 'Also report EXECUTE of text that is put together at run time.' },
      },
      additionalProperties: false,
    },
  ],
  defaultOptions: [{ dynamic: false }],
  wants: (finding, { dynamic }) => dynamic === true || finding.variant !== 'dynamic',
})
