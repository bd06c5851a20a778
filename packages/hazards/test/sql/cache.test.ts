import { describe, expect, it } from 'vitest'
import { analyzeSql, analyzeUncached } from '../../src/sql/analyze.ts'
import { TwoGenerationCache } from '../../src/sql/cache.ts'

describe('TwoGenerationCache', () => {
  const fill = (cache: TwoGenerationCache<number>, from: number, to: number): void => {
    for (let i = from; i < to; i += 1) cache.set(`key ${i}`, i)
  }

  it('keeps what is asked for and forgets what is not, two generations later', () => {
    const cache = new TwoGenerationCache<number>(10)
    cache.set('asked', -1)
    cache.set('forgotten', -2)
    for (let i = 0; i < 100; i += 1) {
      cache.set(`key ${i}`, i)
      expect(cache.get('asked')).toBe(-1)
    }
    expect(cache.get('forgotten')).toBeUndefined()
    expect(cache.get('key 99')).toBe(99)
    expect(cache.get('key 0')).toBeUndefined()
  })

  it('finds the last entries, as many as its size', () => {
    for (let asked = 5; asked < 15; asked += 1) {
      const cache = new TwoGenerationCache<number>(10)
      fill(cache, 0, 15)
      expect(cache.get(`key ${asked}`)).toBe(asked)
    }
  })

  it('never holds more than two generations', () => {
    const cache = new TwoGenerationCache<number>(10)
    for (let i = 0; i < 1_000; i += 1) {
      cache.set(`key ${i}`, i)
      cache.get(`key ${i - 12}`)
      expect(cache.entries).toBeLessThanOrEqual(20)
    }
  })

  it('gives the newest value of a key', () => {
    const cache = new TwoGenerationCache<number>(2)
    cache.set('a', 1)
    fill(cache, 0, 2)
    cache.set('a', 2)
    expect(cache.get('a')).toBe(2)
  })
})

describe('analyzeSql', () => {
  const filler = (length: number): string => 'select ' + '1,'.repeat(length / 2 - 4) + '1'

  it('answers a repeated text with the same analysis, and with that of a fresh look', () => {
    const text = 'select 1 as cached; listen cached'
    const first = analyzeSql(text)
    expect(analyzeSql(`${text.slice(0, 10)}${text.slice(10)}`)).toBe(first)
    expect(first).toEqual(analyzeUncached(text))
    expect(first).not.toBe(analyzeUncached(text))
  })

  it('does not keep texts of more than 16 Ki characters', () => {
    const kept = `${filler(16 * 1024 - 2)} `.padEnd(16 * 1024)
    expect(kept.length).toBe(16 * 1024)
    expect(analyzeSql(kept)).toBe(analyzeSql(kept))
    const long = `${kept} `
    expect(analyzeSql(long)).not.toBe(analyzeSql(long))
    expect(analyzeSql(long)).toEqual(analyzeSql(long))
  })

  it('forgets texts after two thousand others', () => {
    const first = analyzeSql('select 1 as first')
    for (let i = 0; i < 2_001; i += 1) analyzeSql(`select ${i} as other`)
    expect(analyzeSql('select 1 as first')).not.toBe(first)
  })
})
