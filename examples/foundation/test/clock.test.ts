import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { formatMs, wait, within } from '../src/index.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('waiting ends after the time with true, with the signal at once with false, and leaves no timer behind', async () => {
  const controller = new AbortController()
  const [full, cut] = [wait(1_000), wait(60_000, controller.signal)]
  await vi.advanceTimersByTimeAsync(999)
  expect(vi.getTimerCount()).toBe(2)
  controller.abort()
  expect(await cut).toBe(false)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(await full).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
  expect(await wait(60_000, AbortSignal.abort())).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})

test('what takes longer than allowed is left to itself; a result and a failure pass through', async () => {
  const late = within(100, new Promise((resolve) => setTimeout(resolve, 1_000, 'late')))
  await vi.advanceTimersByTimeAsync(100)
  expect(await late).toBeUndefined()
  expect(await within(100, Promise.resolve('in time'))).toBe('in time')
  await expect(within(100, Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('milliseconds are written for people', () => {
  expect([0, 340.4, 4_200, 119_999, 180_000].map(formatMs)).toEqual(['0 ms', '340 ms', '4.2 s', '120.0 s', '3 min'])
})
