import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCounted,
  formatDuration,
  formatElapsed,
  formatSigned,
  formatSignedPercent,
} from '../../../src/cli/display/numbers.ts'

describe('numbers for people', () => {
  it.each([
    [0, '0.00s'],
    [1840, '1.84s'],
    [59_990, '59.99s'],
    [59_999, '1m 00s'],
    [75_400, '1m 15s'],
    [3_700_000, '1h 01m'],
  ])('a duration of %d ms is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text)
  })

  it.each([
    [120, '0.1s'],
    [59_949, '59.9s'],
    [59_960, '1m 00s'],
    [-5, '0.0s'],
  ])('an elapsed time of %d ms is %s', (milliseconds, text) => {
    expect(formatElapsed(milliseconds)).toBe(text)
  })

  it('counts with their noun', () => {
    expect(formatCounted(1, 'row')).toBe('1 row')
    expect(formatCounted(1_234_567, 'row')).toBe('1,234,567 rows')
    expect(formatCounted(0, 'entry', 'entries')).toBe('0 entries')
  })

  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1536, '1.5 kB'],
    [150 * 1024 ** 2, '150 MB'],
    [3 * 1024 ** 3, '3.0 GB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it('percentages and differences carry their sign, and zero has none', () => {
    expect(formatSignedPercent(0.0312)).toBe('+3.12 %')
    expect(formatSignedPercent(-0.5)).toBe('-50.00 %')
    expect(formatSignedPercent(-0.00001)).toBe('0.00 %')
    expect(formatSigned(0.012345)).toBe('+0.0123')
    expect(formatSigned(-123.456)).toBe('-123')
    expect(formatSigned(0)).toBe('0')
  })
})
