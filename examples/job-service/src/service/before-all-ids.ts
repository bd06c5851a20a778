/** Sorts before every UUID. */
export const beforeAllIds = '00000000-0000-0000-0000-000000000000'
