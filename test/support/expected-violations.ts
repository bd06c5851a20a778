import type { AllowedViolation } from '@pooler-safe/testkit'

/** What tests do to the shared pooler on purpose, each with the reason why. */
export const expectedViolations: readonly AllowedViolation[] = []
