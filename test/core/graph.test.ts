import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCycle, makeGraph } from '../../src/core/graph.ts'
import { manifestOf } from './sample-manifest.ts'

const diamond = manifestOf({ d: ['b', 'c'], b: ['a'], c: ['a'], a: [], alone: [] })

describe('makeGraph', () => {
  it('orders parents before children and equals by id, whatever the order of the manifest', () => {
    expect(makeGraph(diamond).topologicalOrder()).toEqual(['a', 'alone', 'b', 'c', 'd'])
    const turned = manifestOf({ alone: [], a: [], c: ['a'], b: ['a'], d: ['c', 'b'] })
    expect(makeGraph(turned).topologicalOrder()).toEqual(['a', 'alone', 'b', 'c', 'd'])
  })

  it('walks up and down, as far as it is told', () => {
    const graph = makeGraph(manifestOf({ a: [], b: ['a'], c: ['b'], d: ['c'] }))
    expect([...graph.ancestors('d')]).toEqual(['c', 'b', 'a'])
    expect([...graph.ancestors('d', 2)]).toEqual(['c', 'b'])
    expect([...graph.ancestors('d', 0)]).toEqual([])
    expect([...graph.descendants(['a', 'b'], 1)].sort()).toEqual(['b', 'c'])
    expect(graph.parents('d')).toEqual(['c'])
    expect(graph.children('d')).toEqual([])
  })

  it('leaves out a dependency on a node that is not there', () => {
    const graph = makeGraph(manifestOf({ a: ['gone'] }))
    expect(graph.topologicalOrder()).toEqual(['a'])
    expect(graph.has('gone')).toBe(false)
  })

  it('sorts any ids into graph order, each once', () => {
    expect(makeGraph(diamond).sorted(['d', 'a', 'd', 'c'])).toEqual(['a', 'c', 'd'])
  })

  it('places every node after its parents in any acyclic graph', () => {
    const edges = fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 120 })
    fc.assert(
      fc.property(edges, (pairs) => {
        const dependencies: Record<string, string[]> = Object.fromEntries(
          Array.from({ length: 31 }, (_, index) => [`n${index}`, []]),
        )
        for (const [a, b] of pairs) if (a < b) dependencies[`n${b}`]!.push(`n${a}`)
        const order = makeGraph(manifestOf(dependencies)).topologicalOrder()
        expect(order).toHaveLength(31)
        for (const [id, parents] of Object.entries(dependencies))
          for (const parent of parents) expect(order.indexOf(parent)).toBeLessThan(order.indexOf(id))
        expect(findCycle(manifestOf(dependencies))).toBeNull()
      }),
    )
  })
})

describe('findCycle', () => {
  it('gives the chain, each node depending on the next', () => {
    const manifest = manifestOf({ a: [], b: ['a', 'd'], c: ['b'], d: ['c'], behind: ['d'] })
    expect(findCycle(manifest)).toEqual(['b', 'd', 'c', 'b'])
  })

  it('finds a node that depends on itself', () => {
    expect(findCycle(manifestOf({ a: [], z: ['z', 'a'] }))).toEqual(['z', 'z'])
  })

  it('takes the shortest way where there are several', () => {
    const manifest = manifestOf({ a: ['b', 'c'], b: ['c'], c: ['a'] })
    expect(findCycle(manifest)).toEqual(['a', 'c', 'a'])
  })

  it('keeps the order usable: the cycle stands at the end', () => {
    const graph = makeGraph(manifestOf({ x: ['y'], y: ['x'], a: [] }))
    expect(graph.topologicalOrder()).toEqual(['a', 'x', 'y'])
  })
})
