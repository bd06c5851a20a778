const code = (letter: string): number => letter.charCodeAt(0)

/** Type bytes of the messages a client sends (PostgreSQL protocol 3.0). */
export const frontend = {
  bind: code('B'),
  close: code('C'),
  copyData: code('d'),
  copyDone: code('c'),
  copyFail: code('f'),
  describe: code('D'),
  execute: code('E'),
  flush: code('H'),
  functionCall: code('F'),
  parse: code('P'),
  password: code('p'),
  query: code('Q'),
  sync: code('S'),
  terminate: code('X'),
} as const

/** Type bytes of the messages a backend sends (PostgreSQL protocol 3.0). */
export const backend = {
  authentication: code('R'),
  backendKeyData: code('K'),
  bindComplete: code('2'),
  closeComplete: code('3'),
  commandComplete: code('C'),
  copyBothResponse: code('W'),
  copyData: code('d'),
  copyDone: code('c'),
  copyInResponse: code('G'),
  copyOutResponse: code('H'),
  dataRow: code('D'),
  emptyQueryResponse: code('I'),
  errorResponse: code('E'),
  functionCallResponse: code('V'),
  negotiateProtocolVersion: code('v'),
  noData: code('n'),
  noticeResponse: code('N'),
  notificationResponse: code('A'),
  parameterDescription: code('t'),
  parameterStatus: code('S'),
  parseComplete: code('1'),
  portalSuspended: code('s'),
  readyForQuery: code('Z'),
  rowDescription: code('T'),
} as const

/** Transaction status in ReadyForQuery. */
export const status = { idle: code('I'), inTransaction: code('T'), failed: code('E') } as const

/** The numbers that stand where a start-up packet has its protocol version. */
export const startupCodes = {
  protocol3: 3 << 16,
  cancel: 80877102,
  ssl: 80877103,
  gssenc: 80877104,
} as const

/** PostgreSQL refuses longer messages (`PQ_LARGE_MESSAGE_LIMIT`). */
export const largestBodyBytes = 0x3fffffff - 4

/** True for every type byte a client may send after log-in. */
export const isFrontendType: readonly boolean[] = table(Object.values(frontend))
/** True for every type byte a backend may send. */
export const isBackendType: readonly boolean[] = table(Object.values(backend))

/** What a backend may say at any time: notices, notifications, changed settings, and a FATAL error before it goes. */
export const mayComeUnasked: readonly boolean[] = table([
  backend.errorResponse,
  backend.noticeResponse,
  backend.notificationResponse,
  backend.parameterStatus,
])

function table(codes: readonly number[]): boolean[] {
  return Array.from({ length: 256 }, (_, index) => codes.includes(index))
}
