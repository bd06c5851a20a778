import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrontendScanner, type FrontendMessage } from '../../src/wire/frontend-scanner.ts'

const name = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\0', ''))
const body = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))

interface Sample {
  readonly bytes: Buffer
  readonly expected: FrontendMessage
}

function message(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}

const zero = Buffer.from([0])
const plain = (type: string): FrontendMessage => ({ type, name: '', statement: '', kind: '' })

const sample: fc.Arbitrary<Sample> = fc.oneof(
  fc
    .constantFrom('Q', 'E', 'H', 'S', 'X', 'd', 'c', 'f', 'p')
    .chain((type) => body.map((content) => ({ bytes: message(type, content), expected: plain(type) }))),
  fc.tuple(name, body).map(([called, rest]) => ({
    bytes: message('P', Buffer.concat([Buffer.from(called), zero, rest])),
    expected: { ...plain('P'), name: called },
  })),
  fc.tuple(name, name, body).map(([portal, statement, rest]) => ({
    bytes: message('B', Buffer.concat([Buffer.from(portal), zero, Buffer.from(statement), zero, rest])),
    expected: { ...plain('B'), name: portal, statement },
  })),
  fc.tuple(fc.constantFrom('D', 'C'), fc.constantFrom('S', 'P'), name).map(([type, kind, called]) => ({
    bytes: message(type, Buffer.concat([Buffer.from(kind + called), zero])),
    expected: { ...plain(type), kind, name: called },
  })),
)

test('I2: messages are read the same, wherever the writes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 8 }),
      fc.array(fc.nat({ max: 300 }), { maxLength: 12 }),
      (samples, cuts) => {
        const stream = Buffer.concat(samples.map(({ bytes }) => bytes))
        const seen: FrontendMessage[] = []
        const scanner = new FrontendScanner((one) => seen.push(one))
        const edges = [0, ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b), stream.length]
        for (let at = 1; at < edges.length; at += 1) scanner.scan(stream.subarray(edges[at - 1], edges[at]))
        expect(seen).toEqual(samples.map(({ expected }) => expected))
        expect(scanner.atBoundary).toBe(true)
      },
    ),
    { numRuns: 1_000, seed: 8_5432 },
  )
})

test('a name that never ends is cut, not collected', () => {
  const seen: FrontendMessage[] = []
  const scanner = new FrontendScanner((one) => seen.push(one))
  scanner.scan(message('P', Buffer.alloc(1_000_000, 0x61)))
  expect(seen).toHaveLength(1)
  expect(seen[0]!.name).toHaveLength(1_024)
})

test('COPY data of any size passes without being kept', () => {
  const seen: string[] = []
  const scanner = new FrontendScanner(({ type }) => seen.push(type))
  const chunk = Buffer.alloc(65_536, 0x50)
  scanner.scan(message('d', Buffer.alloc(0)).subarray(0, 1))
  scanner.scan(Buffer.from([0, 1, 0, 4]))
  scanner.scan(chunk)
  expect(seen).toEqual(['d'])
})
