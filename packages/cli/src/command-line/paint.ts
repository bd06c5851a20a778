import { styleText } from 'node:util'
import type { Io } from '../io.ts'

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta'

/** Colours a text, or does not. */
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_style, text) => text

/** Colour where somebody looks at it and nobody forbade it (`NO_COLOR`); `FORCE_COLOR` brings it everywhere. */
export function paintFor({ env, isOutTerminal = false }: Pick<Io, 'env' | 'isOutTerminal'>): Paint {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal } = env
  if (no !== undefined && no !== '') return plain
  const forced = force !== undefined && force !== '' && force !== '0'
  if (!forced && (!isOutTerminal || terminal === 'dumb' || force === '0')) return plain
  return (style, text) => styleText(style, text, { validateStream: false })
}
