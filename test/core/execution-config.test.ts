import { describe, expect, test } from 'vitest'
import { executionConfig, readDuration } from '../../src/core/execution-config.ts'

describe('a time', () => {
  test.each([
    [30, 30_000],
    [0.5, 500],
    ['30', 30_000],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['5 min', 300_000],
    ['1.5h', 5_400_000],
    ['soon', null],
    ['5 days', null],
    ['-5', null],
    ['', null],
    [Number.NaN, null],
    [true, null],
    ['10000h', null],
  ])('%j is %j milliseconds', (written, ms) => {
    expect(readDuration(written)).toBe(ms)
  })
})

test('a node that says nothing has its children skipped and everything else as usual', () => {
  expect(executionConfig({ config: { retries: null, on_error: null } })).toEqual({ onError: 'skip_children' })
  expect(
    executionConfig({
      config: { retries: 0, retry_delay: '2s', timeout: 60, on_error: 'continue', pool: 'heavy' },
    }),
  ).toEqual({ retries: 0, retryDelayMs: 2000, timeoutMs: 60_000, onError: 'continue', pool: 'heavy' })
})
