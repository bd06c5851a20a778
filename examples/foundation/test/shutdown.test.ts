import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { onShutdown, silentLogger } from '../src/index.ts'

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
})

/** Starts the process of the fixture, and sends it signals as it says texts. */
async function run(behaviour: string, signals: Readonly<Record<string, NodeJS.Signals>>) {
  const file = fileURLToPath(new URL('./fixtures/process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', file, behaviour], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const said: string[] = []
  let log = ''
  child.stderr.on('data', (text: Buffer) => (log += text.toString()))
  child.stdout.on('data', (text: Buffer) => {
    for (const line of text.toString().trim().split('\n')) {
      said.push(line)
      const signal = signals[line]
      if (signal) child.kill(signal)
    }
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said, log }
}

test('a signal runs the steps last in, first out, and the process ends by itself with code 0', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { code, said, log } = await run('', { ready: signal })
    expect(said).toEqual(['ready', 'second closing, signal fired', 'first closed'])
    expect(code).toBe(0)
    expect(log).toContain(`shutting down: ${signal}`)
  }
})

test('a step that fails does not keep the others from running; the code is 1 and the log says which', async () => {
  const { code, said, log } = await run('fails', { ready: 'SIGTERM' })
  expect(said.at(-1)).toBe('first closed')
  expect(code).toBe(1)
  expect(log).toContain('closing the second failed: cannot be closed')
})

test('a step that takes too long is given up with code 1', async () => {
  const { code, said, log } = await run('hangs', { ready: 'SIGTERM' })
  expect(code).toBe(1)
  expect(said).not.toContain('first closed')
  expect(log).toContain('shutting down took longer than 200 ms')
})

test('a second signal ends the process at once', async () => {
  const { code, said } = await run('slow', { ready: 'SIGTERM', 'second closing, signal fired': 'SIGINT' })
  expect(code).toBe(1)
  expect(said).not.toContain('first closed')
})

test('asking twice runs each step once, and no listener is left behind', async () => {
  const before = process.listenerCount('SIGTERM')
  const shutdown = onShutdown({ logger: silentLogger() })
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  let closed = 0
  shutdown.add('counting', () => Promise.resolve(void (closed += 1)))
  await Promise.all([shutdown.end('once'), shutdown.end('twice')])
  expect(closed).toBe(1)
  expect(shutdown.signal.reason).toMatchObject({ message: 'shutting down: once' })
  expect(process.listenerCount('SIGTERM')).toBe(before)
})
