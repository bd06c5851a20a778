/** Hands a warning to who asked for it, or to Node, which prints it unless told otherwise. */
export function warn(warning: Error, onWarning: ((warning: Error) => void) | undefined): void {
  if (onWarning) onWarning(warning)
  else process.emitWarning(warning)
}
