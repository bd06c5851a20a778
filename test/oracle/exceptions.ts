/**
 * Why a statement of the corpus may differ from what the classifier says about it. Every exception is one of these, and
 * the test fails when a row claims one that it does not need.
 */
export interface Exception {
  /**
   * `lenient`: something is left although the verdict allows the statement. `strict`: nothing is to be seen although
   * the verdict forbids it.
   */
  readonly side: 'lenient' | 'strict'
  readonly because: string
  /** What may be left, for the lenient ones; anything when it is not said. */
  readonly kinds?: readonly string[]
}

export const exceptions = {
  'last-value': {
    side: 'lenient',
    because:
      'nextval and setval, also behind a serial column, leave the last value in the session. Only currval and lastval read it, and they have the verdict session.',
    kinds: ['sequence'],
  },
  library: {
    side: 'lenient',
    because:
      'The first use or definition of a routine or foreign table loads the library behind it. That changes no answer of another client.',
    kinds: ['library'],
  },
  'empty-placeholder': {
    side: 'lenient',
    because:
      'A custom setting that was set for one transaction is an empty string afterwards, where it was null before (hazard guc-empty-string). The value itself is gone.',
    kinds: ['empty-placeholder'],
  },
  'hidden-in-routine': {
    side: 'lenient',
    because: 'The state is changed in a routine, view, trigger, default or rule that the text only names.',
  },
  'temporary-name': {
    side: 'lenient',
    because:
      'An unqualified name means a temporary object that is there already; the text that made it has the verdict session.',
    kinds: ['temporary-object'],
  },
  'foreign-table': {
    side: 'lenient',
    because: 'A foreign table keeps its remote connection open in the session; its name does not show that it is one.',
    kinds: ['foreign-connection', 'library'],
  },
  'held-cursor': {
    side: 'lenient',
    because:
      'close does not tell a cursor of the transaction from one that is held in the session; the text that declared it has the verdict session.',
    kinds: ['cursor'],
  },
  'held-cursor-read': {
    side: 'strict',
    because: 'A cursor that is held in the session can be read without a transaction; the name does not show it.',
  },
  unchanged: {
    side: 'strict',
    because: 'Nothing was there to change: the text does not tell that the setting, lock or channel is as it was.',
  },
  'not-listed': {
    side: 'strict',
    because: 'PostgreSQL has no view or function that shows this state.',
  },
  'ends-anyway': {
    side: 'strict',
    because: 'A property of the transaction, set by the command for settings: it ends with the transaction.',
  },
  'argument-decides': {
    side: 'strict',
    because: 'Whether it is for the transaction alone depends on an argument that is not the literal true or false.',
  },
  'names-only': {
    side: 'strict',
    because: 'The temporary schema is named, but no object of it is made, changed or read.',
  },
} as const satisfies Record<string, Exception>

export type ExceptionId = keyof typeof exceptions
