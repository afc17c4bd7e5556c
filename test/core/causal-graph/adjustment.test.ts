import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isAdjustmentSet,
  minimalAdjustmentSets,
  optimalAdjustmentSet,
} from '../../../src/core/causal-graph/adjustment.ts'
import { type CausalGraph, makeCausalGraph } from '../../../src/core/causal-graph/causal-graph.ts'
import { isSeparated, openPath } from '../../../src/core/causal-graph/d-separation.ts'
import { subsets } from './subsets.ts'

function graphOf(text: string, unobserved: readonly string[] = []): CausalGraph {
  const edges = text.split(',').map((edge) => {
    const [from, to] = edge.trim().split(' -> ')
    return { from: from!, to: to! }
  })
  const graph = makeCausalGraph(edges, { unobserved })
  if ('faults' in graph) throw new Error(JSON.stringify(graph.faults))
  return graph
}

/** Random graphs of 6 nodes in a fixed order; some are not observed. */
const randomGraphs = fc
  .tuple(
    fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }),
    fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']),
    fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e', 'f'], { minLength: 2, maxLength: 2 }),
  )
  .map(([present, hidden, [treatment, outcome]]) => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f']
    const pairs = nodes.flatMap((from, index) => nodes.slice(index + 1).map((to) => ({ from, to })))
    const unobserved = hidden.filter((name) => name !== treatment && name !== outcome)
    const graph = makeCausalGraph(
      pairs.filter((_, index) => present[index]),
      { nodes, unobserved },
    )
    return { graph: graph as CausalGraph, treatment: treatment!, outcome: outcome! }
  })

/** Every path, each checked by the three rules: slow, and nothing like the code. */
function isSeparatedByPaths(graph: CausalGraph, from: string, to: string, given: readonly string[]): boolean {
  const leadsToGiven = (node: string): boolean =>
    given.includes(node) || graph.children.get(node)!.some(leadsToGiven)
  const goes = (a: string, b: string): boolean => graph.children.get(a)!.includes(b)
  function walk(path: string[]): boolean {
    const last = path.at(-1)!
    if (last === to)
      return path.slice(1, -1).every((node, index) => isOpen(path[index]!, node, path[index + 2]!))
    return [...graph.parents.get(last)!, ...graph.children.get(last)!]
      .filter((next) => !path.includes(next))
      .some((next) => walk([...path, next]))
  }
  function isOpen(before: string, node: string, after: string): boolean {
    const isCollider = goes(before, node) && goes(after, node)
    return isCollider ? leadsToGiven(node) : !given.includes(node)
  }
  return !walk([from])
}

describe('a causal graph', () => {
  test('is refused with its cycle, doubled edges, loops and unknown names', () => {
    const edge = (from: string, to: string) => ({ from, to })
    expect(makeCausalGraph([edge('a', 'b'), edge('b', 'c'), edge('c', 'a')])).toEqual({
      faults: [{ kind: 'cycle', nodes: ['a', 'b', 'c', 'a'] }],
    })
    expect(makeCausalGraph([edge('a', 'a'), edge('a', 'b'), edge('a', 'b')], { unobserved: ['u'] })).toEqual({
      faults: [
        { kind: 'self_loop', nodes: ['a'] },
        { kind: 'double_edge', nodes: ['a', 'b'] },
        { kind: 'unknown_node', nodes: ['u'] },
      ],
    })
  })
})

describe('separation', () => {
  test('is what every path says', () => {
    fc.assert(
      fc.property(randomGraphs, ({ graph, treatment, outcome }) => {
        for (const given of subsets(graph.nodes.filter((node) => node !== treatment && node !== outcome))) {
          const expected = isSeparatedByPaths(graph, treatment, outcome, given)
          expect(isSeparated(graph, [treatment], [outcome], given)).toBe(expected)
          expect(openPath(graph, treatment, outcome, given) === undefined).toBe(expected)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('is told with a path that is open', () => {
    const graph = graphOf('u -> t, u -> y, t -> m, m -> y, t -> c, y -> c')
    expect(openPath(graph, 't', 'y', ['m'])!.text).toBe('t <- u -> y')
    expect(openPath(graph, 't', 'y', ['m', 'u', 'c'])!.text).toBe('t -> c <- y')
    expect(openPath(graph, 't', 'y', ['m', 'u'])).toBeUndefined()
  })
})

describe('adjustment sets', () => {
  test('of the textbook graphs are as published', () => {
    // Confounding by z, with a collider m that must not be adjusted for: the M of Greenland, Pearl, Robins (1999).
    const m = graphOf('a -> t, a -> m, b -> m, b -> y, t -> y')
    expect(minimalAdjustmentSets(m, 't', 'y').sets).toEqual([[]])
    expect(isAdjustmentSet(m, 't', 'y', ['m'])).toBe(false)
    expect(isAdjustmentSet(m, 't', 'y', ['m', 'a'])).toBe(true)
    // Pearl (2009), figure 3.4: {x3, x4} or {x4, x5} do, x4 alone opens a path.
    const pearl = graphOf(
      'x1 -> x3, x1 -> x4, x2 -> x4, x2 -> x5, x3 -> t, x4 -> t, t -> x6, x6 -> y, x4 -> y, x5 -> y',
    )
    const { sets } = minimalAdjustmentSets(pearl, 't', 'y')
    expect(sets).toContainEqual(['x3', 'x4'])
    expect(sets).toContainEqual(['x4', 'x5'])
    expect(sets).not.toContainEqual(['x4'])
    expect(optimalAdjustmentSet(pearl, 't', 'y')).toEqual(['x4', 'x5'])
  })

  test('leave out what the treatment changes, and what follows from it', () => {
    const graph = graphOf('z -> t, z -> y, t -> m, m -> y, m -> d')
    expect(minimalAdjustmentSets(graph, 't', 'y').sets).toEqual([['z']])
    expect(isAdjustmentSet(graph, 't', 'y', ['z', 'd'])).toBe(false)
  })

  test('are none where the cause of both is not observed', () => {
    const graph = graphOf('u -> t, u -> y, t -> y', ['u'])
    expect(minimalAdjustmentSets(graph, 't', 'y').sets).toEqual([])
    expect(optimalAdjustmentSet(graph, 't', 'y')).toBeUndefined()
  })

  test('are all there are, and minimal', () => {
    fc.assert(
      fc.property(randomGraphs, ({ graph, treatment, outcome }) => {
        const others = graph.nodes.filter((node) => node !== treatment && node !== outcome)
        const valid = subsets(others).filter((set) => isAdjustmentSet(graph, treatment, outcome, set))
        const minimal = valid.filter(
          (set) =>
            !valid.some((other) => other.length < set.length && other.every((name) => set.includes(name))),
        )
        const found = minimalAdjustmentSets(graph, treatment, outcome).sets
        expect(new Set(found.map(String))).toEqual(new Set(minimal.map((set) => String(set.toSorted()))))
        expect(found).toHaveLength(minimal.length)
      }),
      { numRuns: 500 },
    )
  })
})
