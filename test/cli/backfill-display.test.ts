import { createColors } from 'picocolors'
import { expect, test } from 'vitest'
import { progressLines } from '../../src/cli/backfill-display.ts'

const progress = {
  startedAtMs: 0,
  total: 60,
  models: 2,
  over: 12,
  ofChunk: 3,
  failed: 1,
  now: 'daily_sales  2026-01-13..2026-01-25',
}

test('the bar of a backfill says what is done, what is left and how long that will take', () => {
  const colors = createColors(false)
  expect(progressLines(progress, 30_000, { colors, width: 100 })).toEqual([
    'daily_sales  2026-01-13..2026-01-25',
    `${'█'.repeat(6)}${'░'.repeat(18)}  15 of 60 batches, 45 to go  30.0s  about 1m 30s left  1 failed`,
  ])
  // Nothing that is redrawn may wrap.
  for (const line of progressLines(progress, 30_000, { colors, width: 70 }))
    expect(line.length).toBeLessThanOrEqual(70)
})
