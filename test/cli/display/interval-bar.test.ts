import { describe, expect, it } from 'vitest'
import { axisOf, inPlainCharacters, intervalBar } from '../../../src/cli/display/interval-bar.ts'

const interval = (ciLower: number | null, estimate: number | null, ciUpper: number | null) => ({
  estimate,
  ciLower,
  ciUpper,
})

describe('a bar of an interval', () => {
  const up = interval(2, 5, 8)
  const across = interval(-2, 1, 4)
  const axis = axisOf([up, across], 11)

  it('lies on an axis with the others and zero', () => {
    expect(axis).toEqual({ from: -2, to: 8, width: 11 })
    expect(intervalBar(up, axis)).toBe('  │ ├──●──┤')
    expect(intervalBar(across, axis)).toBe('├─┼●──┤    ')
    expect(inPlainCharacters(intervalBar(across, axis))).toBe('[-+o--]    ')
  })

  it('goes off the axis where a bound is infinite, and is a point where there is no interval', () => {
    expect(intervalBar(interval(-Infinity, 0.5, 2), axis)).toBe('←─┼●┤      ')
    expect(intervalBar(interval(null, 3, null), axis)).toBe('  │  ●     ')
    expect(intervalBar(interval(null, null, null), axis)).toBe('')
  })

  it('has an axis even where everything is nothing', () => {
    expect(intervalBar(interval(0, 0, 0), axisOf([interval(0, 0, 0)], 5))).toBe('  ●  ')
  })
})
