import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Step } from '../../src/core/plan.ts'
import { makeStepQueue } from '../../src/run/step-queue.ts'

const step = (nodeId: string, ...dependsOn: string[]): Step => ({
  nodeId,
  dependsOn,
  action: 'build',
  reason: '',
})
const ids = (steps: readonly Step[]) => steps.map(({ nodeId }) => nodeId)

function queueOf(steps: readonly Step[], pools: Readonly<Record<string, string>> = {}, limits = {}) {
  const ranks = new Map(ids(steps).map((id, rank) => [id, rank]))
  const queue = makeStepQueue(steps, {
    rankOf: (id) => ranks.get(id)!,
    poolOf: (id) => pools[id],
    kindOf: () => 'any',
    limits,
  })
  return { ...queue, take: (isFree = (_step: Step) => true) => queue.take(isFree) }
}

describe('the queue of steps', () => {
  test('gives those that wait for nothing, and others when they are let through', () => {
    const queue = queueOf([step('a'), step('b', 'a'), step('c', 'a', 'b')])
    expect(queue.take()?.nodeId).toBe('a')
    expect(queue.take()).toBeNull()
    queue.giveBack('a')
    queue.letThrough('a')
    expect(queue.take()?.nodeId).toBe('b')
    expect(queue.take()).toBeNull()
    queue.giveBack('b')
    queue.letThrough('b')
    expect(queue.take()?.nodeId).toBe('c')
  })

  test('takes out those that wait for one that failed, and they never begin', () => {
    const queue = queueOf([step('a'), step('b'), step('c', 'a', 'b')])
    queue.take()
    queue.take()
    expect(ids(queue.block('a'))).toEqual(['c'])
    queue.letThrough('b')
    expect(queue.take()).toBeNull()
    expect(queue.block('b')).toEqual([])
  })

  test('lets no more of a pool begin than it has room for, and others pass by', () => {
    const pools = { a: 'heavy', b: 'heavy', c: 'heavy' }
    const queue = queueOf([step('a'), step('b'), step('c'), step('d')], pools, { heavy: 2 })
    expect([queue.take(), queue.take(), queue.take(), queue.take()].map((one) => one?.nodeId)).toEqual([
      'a',
      'b',
      'd',
      undefined,
    ])
    queue.giveBack('a')
    expect(queue.take()?.nodeId).toBe('c')
  })

  test('gives up all that have not begun', () => {
    const queue = queueOf([step('a'), step('b'), step('c', 'a')])
    queue.take()
    expect(ids(queue.drain())).toEqual(['b', 'c'])
    queue.letThrough('a')
    expect(queue.take()).toBeNull()
  })

  test('whatever the graph, the pools and the order of ends: every step once, after its parents, within its pool', () => {
    const graph = fc.integer({ min: 1, max: 25 }).chain((size) =>
      fc.record({
        parents: fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: size, maxLength: size }),
        pools: fc.array(fc.constantFrom('', 'x', 'y'), { minLength: size, maxLength: size }),
        ends: fc.array(fc.nat(), { minLength: size, maxLength: size }),
      }),
    )
    fc.assert(
      fc.property(graph, ({ parents, pools, ends }) => {
        const steps = parents.map((list, index) =>
          step(`n${index}`, ...new Set(index === 0 ? [] : list.map((parent) => `n${parent % index}`))),
        )
        const poolOf = Object.fromEntries(pools.flatMap((pool, index) => (pool ? [[`n${index}`, pool]] : [])))
        const limits = { x: 1, y: 2 }
        const queue = queueOf(steps, poolOf, limits)
        const done = new Set<string>()
        const atWork: Step[] = []
        for (const end of ends) {
          for (let next = queue.take(); next; next = queue.take()) {
            expect(next.dependsOn.every((id) => done.has(id))).toBe(true)
            atWork.push(next)
          }
          for (const [pool, limit] of Object.entries(limits))
            expect(atWork.filter(({ nodeId }) => poolOf[nodeId] === pool).length).toBeLessThanOrEqual(limit)
          const [over] = atWork.splice(end % atWork.length, 1)
          queue.giveBack(over!.nodeId)
          queue.letThrough(over!.nodeId)
          done.add(over!.nodeId)
        }
        expect(done.size).toBe(steps.length)
      }),
    )
  })
})
