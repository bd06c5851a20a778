/** Parts of this demonstration that the larger one of the dashboard has in common with it. */
export { auditGivenPooler } from './audit-given-pooler.ts'
export { isForeseen, sentenceOf } from './demo-error.ts'
export { fileJobHandlers, fileJobTypes, measureType } from './file-jobs.ts'
export { findFiles } from './input-files.ts'
export { listenForInterruption } from './interruption.ts'
export { auditSentence } from './outcome.ts'
export { oneLine, plural } from './view/text.ts'
