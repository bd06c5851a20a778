import { expect, test } from 'vitest'
import { newId, pageById, pageOf, readNumberedPage, readPage } from '../src/index.ts'

const refuse = (message: string): Error => new RangeError(message)

test('a page has 50 rows unless another length from 1 to 500 is asked for', () => {
  expect(readPage({}, refuse)).toEqual({ limit: 50, after: undefined })
  expect(readNumberedPage({ limit: 500 }, refuse)).toEqual({ limit: 500, after: 0 })
  for (const limit of [0, 501, 1.5, Number.NaN, '7' as never]) {
    expect(() => readPage({ limit }, refuse), String(limit)).toThrow(RangeError)
    expect(() => readNumberedPage({ limit }, refuse), String(limit)).toThrow(RangeError)
  }
})

test('a page begins only after what a page before it returned', () => {
  const id = newId()
  expect(readPage({ after: id }, refuse)).toEqual({ limit: 50, after: id })
  for (const after of ['', 'x', `${id} `, "' or true --"]) {
    expect(() => readPage({ after }, refuse), after).toThrow('`after` is not what a page returned as `next`.')
  }
  for (const after of [-1, 1.5, 2 ** 31, Number.NaN]) {
    expect(() => readNumberedPage({ after }, refuse), String(after)).toThrow(RangeError)
  }
})

test('there is a next page only if one row more was there, and it begins after the last one shown', () => {
  const rows = [1, 2, 3].map((rank) => ({ id: `id-${rank}`, rank }))
  expect(pageOf(rows, 2, ({ rank }) => rank)).toEqual({ items: rows.slice(0, 2), next: 2 })
  expect(pageById(rows, 2).next).toBe('id-2')
  expect(pageOf(rows, 3, ({ rank }) => rank)).toEqual({ items: rows, next: undefined })
  expect(pageById([], 10)).toEqual({ items: [], next: undefined })
})
