import { describe, expect, it } from 'vitest'
import { changeSince, type NodeFingerprint } from '../../src/core/fingerprint.ts'

const published: NodeFingerprint = {
  body: 'b1',
  compiled: 'c1',
  config: 'k1',
  macros: { money: 'm1', rate: 'r1' },
  upstream: { 'model.p.orders': 'o1' },
  whole: 'w1',
}

function why(changes: Partial<NodeFingerprint>) {
  const { kind, why: reason } = changeSince(
    published,
    { ...published, ...changes },
    (id) => id.split('.').at(-1)!,
  )
  return `${kind}: ${reason}`
}

describe('what changed since a publication', () => {
  it('is nothing when nothing that decides about the result did', () => {
    expect(why({})).toBe('unchanged: same definition as what is published')
    expect(why({ body: 'b2' })).toBe('unchanged: same definition as what is published')
    expect(why({ macros: { money: 'm2' } })).toBe('unchanged: same definition as what is published')
  })

  it('is told apart by where it was changed', () => {
    expect(why({ compiled: 'c2', body: 'b2' })).toBe('modified: its own code changed')
    expect(why({ compiled: 'c2', macros: { money: 'm2', rate: 'r1' } })).toBe('modified: macro money changed')
    expect(why({ compiled: 'c2', body: 'b2', macros: { rate: 'r1' } })).toBe(
      'modified: its own code and macro money changed',
    )
    expect(why({ compiled: 'c2' })).toBe('modified: a var, an environment variable or the target changed')
    expect(why({ config: 'k2' })).toBe('modified: its config changed')
    expect(why({ upstream: { 'model.p.orders': 'o2', 'model.p.users': 'u1' } })).toBe(
      'modified: what it reads changed: orders, users',
    )
  })

  it('adds up', () => {
    expect(why({ config: 'k2', upstream: {} })).toBe(
      'modified: its config changed; what it reads changed: orders',
    )
  })
})
