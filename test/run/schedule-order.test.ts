import { expect, test } from 'vitest'
import type { Step } from '../../src/core/plan.ts'
import { criticalPaths, scheduleOrder } from '../../src/run/schedule-order.ts'

const step = (nodeId: string, ...dependsOn: string[]): Step => ({
  nodeId,
  dependsOn,
  action: nodeId.startsWith('test.') ? 'test' : 'build',
  reason: '',
})
const inOrder = (steps: readonly Step[], seconds: Readonly<Record<string, number>> = {}) => {
  const ranks = scheduleOrder(steps, (id) => seconds[id])
  return [...ranks.keys()].sort((a, b) => ranks.get(a)! - ranks.get(b)!)
}

test('the step with the longest chain behind it comes first', () => {
  const steps = [step('a'), step('b'), step('c'), step('d', 'c'), step('e', 'd')]
  expect(inOrder(steps)).toEqual(['c', 'd', 'a', 'b', 'e'])
  expect(inOrder(steps, { b: 60 })).toEqual(['b', 'c', 'd', 'a', 'e'])
})

test('a chain counts what its steps took, and a second for each of which nothing is known', () => {
  const steps = [step('a'), step('b', 'a'), step('c', 'a'), step('d', 'b', 'c')]
  const paths = criticalPaths(steps, (id) => ({ a: 2, c: 10 })[id])
  expect(Object.fromEntries(paths)).toEqual({ a: 13, b: 2, c: 11, d: 1 })
})

test('equals stand by id, however the plan has them', () => {
  const steps = [step('y'), step('x'), step('z', 'x', 'y')]
  expect(inOrder(steps)).toEqual(['x', 'y', 'z'])
  expect(inOrder([steps[1]!, steps[0]!, steps[2]!])).toEqual(['x', 'y', 'z'])
})

test('a test that names no node comes after all that can begin with it, however long it takes', () => {
  const steps = [step('test.looks_around'), step('a'), step('test.of_a', 'a')]
  expect(inOrder(steps, { 'test.looks_around': 100 })).toEqual(['a', 'test.of_a', 'test.looks_around'])
})
