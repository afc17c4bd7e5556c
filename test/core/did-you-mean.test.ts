import { describe, expect, it } from 'vitest'
import { closestNames, didYouMean, quotedList } from '../../src/core/did-you-mean.ts'

describe('closestNames', () => {
  const models = ['stg_orders', 'stg_users', 'orders', 'order_items', 'daily_user_metrics']

  it('puts the nearest first', () => {
    expect(closestNames('stg_ordres', models)[0]).toBe('stg_orders')
    expect(closestNames('order', models)[0]).toBe('orders')
  })

  it('takes case and separators for equal', () => {
    expect(closestNames('Stg-Orders', models)[0]).toBe('stg_orders')
    expect(closestNames('model_paths', ['model-paths', 'macro-paths'])[0]).toBe('model-paths')
  })

  it('knows a name that holds the other', () => {
    expect(closestNames('user_metrics', models)).toContain('daily_user_metrics')
  })

  it('suggests nothing that is merely of the same length', () => {
    expect(closestNames('xyz', models)).toEqual([])
    expect(closestNames('id', ['at', 'no', 'to'])).toEqual([])
    expect(didYouMean('payments', models)).toBeUndefined()
  })

  it('gives each candidate once and not more than asked for', () => {
    expect(closestNames('a1', ['a2', 'a3', 'a2', 'a4', 'a5'], 2)).toEqual(['a2', 'a3'])
  })
})

describe('quotedList', () => {
  it('reads as a sentence', () => {
    expect(quotedList(['a'])).toBe("'a'")
    expect(quotedList(['a', 'b', 'c'])).toBe("'a', 'b' or 'c'")
    expect(quotedList(['a', 'b'], 'and')).toBe("'a' and 'b'")
    expect(didYouMean('targts', ['targets', 'target'])).toBe("did you mean 'targets' or 'target'?")
  })
})
