import { describe, it } from 'vitest'
import { analyzeTokens, analyzeUncached } from '../../src/sql/analyze.ts'
import { classifyAnalysis } from '../../src/sql/classify.ts'
import { tokenize } from '../../src/sql/lexer.ts'
import { expectLinear } from '../expect-linear.ts'
import { adversarialFamilies } from './adversarial.ts'

describe('the time is in proportion to the length of the text', () => {
  it.each(Object.entries(adversarialFamilies))('%s', (_, family) => {
    expectLinear(family, (text) => {
      analyzeTokens(tokenize(text))
      classifyAnalysis(analyzeUncached(text))
    })
  })
})
