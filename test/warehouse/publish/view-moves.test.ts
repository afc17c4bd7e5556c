import { expect, test } from 'vitest'
import { type MoveQuestion, movableViews } from '../../../src/warehouse/publish/view-moves.ts'

/** Builds have numbers from 100, what is published from 1. */
function movable(question: Partial<MoveQuestion>): number[] {
  const nothing = {
    candidates: [],
    inputs: [],
    ofRun: new Set([]),
    moving: new Set([]),
    falling: new Set([]),
  }
  return [...movableViews({ ...nothing, ...question })].sort()
}

const reads = (view: number, relation: number) => ({ view, relation })

test('a view of what stays, of tables that move and of views that move, moves', () => {
  const inputs = [reads(100, 1), reads(101, 200), reads(102, 100), reads(102, 101)]
  expect(
    movable({
      candidates: [102, 100, 101],
      inputs,
      ofRun: new Set([100, 101, 200]),
      moving: new Set([200]),
    }),
  ).toEqual([100, 101, 102])
})

test('a view of what goes away with the run does not, nor does what reads that view', () => {
  const inputs = [reads(102, 101), reads(101, 100), reads(100, 300), reads(103, 1)]
  expect(movable({ candidates: [102, 101, 100, 103], inputs, ofRun: new Set([100, 101, 300]) })).toEqual([
    103,
  ])
})

test('a view of what is dropped does not', () => {
  const inputs = [reads(100, 1), reads(101, 2)]
  expect(movable({ candidates: [100, 101, 102], inputs, falling: new Set([1, 102]) })).toEqual([101])
})
