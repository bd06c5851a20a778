import { expect, test } from 'vitest'
import { hazardIds } from '../src/index.ts'

test('hazard ids are unique kebab-case words', () => {
  const ids = Object.values(hazardIds)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
})
