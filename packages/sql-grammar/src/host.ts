import { webAssembly, type WasmMemory, type WasmModule, type WasmTable } from './web-assembly.ts'

/**
 * The WebAssembly host of libpg-query, in place of the JavaScript that Emscripten generates for it.
 *
 * That glue can only be loaded asynchronously, which an ESLint rule and `require` cannot wait for, and it would have to
 * be patched text by text. What the parser really needs from outside is little: `setjmp`/`longjmp` for PostgreSQL's
 * error handling, memory growth, and files that are never opened. The single-letter names belong to one build;
 * `wasm.ts` checks that it is this one, a test derives them anew from the glue of the installed package.
 */

/** Names of the imports of this build, by what they are. */
export const importNames = {
  c: '___assert_fail',
  x: '__abort_js',
  w: '__emscripten_runtime_keepalive_clear',
  p: '__emscripten_throw_longjmp',
  o: '__setitimer_js',
  q: '_emscripten_resize_heap',
  m: '_exit',
  u: '_fd_close',
  r: '_fd_read',
  s: '_fd_seek',
  t: '_fd_write',
  g: 'invoke_i',
  b: 'invoke_ii',
  a: 'invoke_iii',
  d: 'invoke_iiii',
  k: 'invoke_iiiii',
  l: 'invoke_ji',
  e: 'invoke_v',
  f: 'invoke_vi',
  h: 'invoke_vii',
  j: 'invoke_viii',
  i: 'invoke_viiii',
  y: 'invoke_viiiii',
  n: 'invoke_viiiiiiiiiiiii',
  v: '_proc_exit',
} as const

/** Names of the exports of this build that are used here. */
export const exportNames = {
  memory: 'z',
  constructors: 'A',
  malloc: 'C',
  table: 'D',
  free: 'E',
  parse: 'F',
  freeParseResult: 'G',
  parsePlpgsql: 'H',
  fingerprint: 'I',
  freeString: 'N',
  setThrew: 'P',
  restoreStack: 'Q',
  currentStack: 'R',
} as const

type WasmFunction = (...args: number[]) => number

/** The parser's C functions and memory. Pointers are byte offsets into `memory`. */
export interface Host {
  readonly memory: WasmMemory
  readonly malloc: WasmFunction
  readonly free: WasmFunction
  readonly parse: WasmFunction
  readonly freeParseResult: WasmFunction
  readonly parsePlpgsql: WasmFunction
  readonly fingerprint: WasmFunction
  readonly freeString: WasmFunction
}

/** What `longjmp` throws, to be caught by the `invoke_…` that called `setjmp`. */
class LongJump extends Error {}

/** An instance that aborted or exited; it is of no further use. */
export class ParserAborted extends Error {
  override readonly name = 'ParserAborted'
}

const pageBytes = 64 * 1024
const largestHeapBytes = 1024 * 1024 * 1024
/** WASI's `EBADF`. */
const badFileDescriptor = 8

/** Makes a new, independent instance of the parser. */
export function instantiate(module: WasmModule): Host {
  const jump = new LongJump('longjmp')

  const invoke =
    (onJump: 0 | bigint) =>
    (index: number, ...args: number[]): unknown => {
      const stack = call('currentStack')
      try {
        return (table.get(index) as (...values: number[]) => unknown)(...args)
      } catch (error) {
        call('restoreStack', stack)
        if (error !== jump) throw error
        call('setThrew', 1, 0)
        return onJump
      }
    }

  const abort = (what: string) => (): never => {
    throw new ParserAborted(`the SQL parser stopped: ${what}`)
  }

  const implementations: Record<(typeof importNames)[keyof typeof importNames], (...args: number[]) => unknown> = {
    ___assert_fail: abort('assertion failed'),
    __abort_js: abort('abort'),
    _exit: abort('exit'),
    _proc_exit: abort('exit'),
    __emscripten_runtime_keepalive_clear: () => undefined,
    __emscripten_throw_longjmp: () => {
      throw jump
    },
    // No timers: nothing in a parse waits.
    __setitimer_js: () => 0,
    _emscripten_resize_heap: (bytes = 0) => Number(grow(bytes >>> 0)),
    _fd_close: () => badFileDescriptor,
    _fd_read: () => badFileDescriptor,
    _fd_seek: () => badFileDescriptor,
    // PostgreSQL's log lines: swallowed, errors come as values.
    _fd_write: (...[, vectors = 0, count = 0, written = 0]) => {
      const view = new DataView(memory.buffer)
      let bytes = 0
      for (let i = 0; i < count; i += 1) bytes += view.getUint32(vectors + i * 8 + 4, true)
      view.setUint32(written, bytes, true)
      return 0
    },
    invoke_i: invoke(0),
    invoke_ii: invoke(0),
    invoke_iii: invoke(0),
    invoke_iiii: invoke(0),
    invoke_iiiii: invoke(0),
    invoke_ji: invoke(0n),
    invoke_v: invoke(0),
    invoke_vi: invoke(0),
    invoke_vii: invoke(0),
    invoke_viii: invoke(0),
    invoke_viiii: invoke(0),
    invoke_viiiii: invoke(0),
    invoke_viiiiiiiiiiiii: invoke(0),
  }

  const imports: Record<string, unknown> = {}
  for (const [letter, name] of Object.entries(importNames)) imports[letter] = implementations[name]
  const { exports } = new webAssembly.Instance(module, { a: imports })
  const memory = exports[exportNames.memory] as WasmMemory
  const table = exports[exportNames.table] as WasmTable

  function call(name: keyof typeof exportNames, ...args: number[]): number {
    return (exports[exportNames[name]] as WasmFunction)(...args)
  }

  function grow(bytes: number): boolean {
    if (bytes > largestHeapBytes) return false
    const current = memory.buffer.byteLength
    const wanted = Math.min(largestHeapBytes, Math.max(bytes, Math.ceil(current * 1.2)))
    try {
      memory.grow(Math.ceil((wanted - current) / pageBytes))
      return true
    } catch {
      return false
    }
  }

  const exported = (name: keyof typeof exportNames): WasmFunction => exports[exportNames[name]] as WasmFunction
  call('constructors')
  return {
    memory,
    malloc: exported('malloc'),
    free: exported('free'),
    parse: exported('parse'),
    freeParseResult: exported('freeParseResult'),
    parsePlpgsql: exported('parsePlpgsql'),
    fingerprint: exported('fingerprint'),
    freeString: exported('freeString'),
  }
}
