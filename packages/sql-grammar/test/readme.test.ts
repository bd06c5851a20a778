import { expect, test } from 'vitest'
import { runReadme } from '../../hazards/test/readme.ts'

test('the example of the README prints what it says', () => {
  const { promised, printed } = runReadme(new URL('..', import.meta.url))
  expect(promised).toHaveLength(5)
  expect(printed).toEqual(promised)
})
