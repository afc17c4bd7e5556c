import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CausalGraph, makeCausalGraph } from '../../../src/core/causal-graph/causal-graph.ts'
import { isSeparated } from '../../../src/core/causal-graph/d-separation.ts'
import { identifyEffect } from '../../../src/core/causal-graph/identify.ts'
import { testableImplications } from '../../../src/core/causal-graph/implications.ts'
import { identifyMediation } from '../../../src/core/causal-graph/mediation.ts'
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

describe('an effect is identified', () => {
  test('by adjustment, by the set of smallest variance too', () => {
    // z1 makes treatment vary, z2 the outcome: adjusting for z2 helps, for z1 hurts (Henckel et al. 2022, example).
    const found = identifyEffect(graphOf('z1 -> t, c -> t, c -> y, z2 -> y, t -> y'), 't', 'y')
    expect(found.ways).toEqual(['backdoor', 'instrument'])
    expect(found.adjustmentSets).toEqual([['c']])
    expect(found.optimalSet).toEqual(['c', 'z2'])
    expect(found.refusal).toBeNull()
  })

  test('by the frontdoor: smoking, tar, cancer', () => {
    const found = identifyEffect(
      graphOf('u -> smoking, u -> cancer, smoking -> tar, tar -> cancer', ['u']),
      'smoking',
      'cancer',
    )
    expect(found.ways).toEqual(['frontdoor'])
    expect(found.frontdoorSets).toEqual([['tar']])
  })

  test('by two mediators together, and not by one', () => {
    const found = identifyEffect(graphOf('u -> t, u -> y, t -> m, t -> n, m -> y, n -> y', ['u']), 't', 'y')
    expect(found.frontdoorSets).toEqual([['m', 'n']])
  })

  test('by an instrument, as it stands or given what it shares with the outcome', () => {
    const plain = identifyEffect(graphOf('u -> t, u -> y, z -> t, t -> y', ['u']), 't', 'y')
    expect(plain.ways).toEqual(['instrument'])
    expect(plain.instruments).toEqual([{ instrument: 'z', given: [] }])
    const shared = identifyEffect(graphOf('u -> t, u -> y, z -> t, t -> y, w -> z, w -> y', ['u']), 't', 'y')
    expect(shared.instruments).toContainEqual({ instrument: 'z', given: ['w'] })
    const broken = identifyEffect(graphOf('u -> t, u -> y, z -> t, t -> y, z -> y', ['u']), 't', 'y')
    expect(broken.ways).toEqual([])
  })

  test('or refused, with the path that stays open', () => {
    expect(identifyEffect(graphOf('u -> t, u -> y, t -> y', ['u']), 't', 'y').refusal).toBe(
      'not identifiable: the path t <- u -> y stays open whatever observed variables are adjusted for (u not observed), no mediators meet the frontdoor criterion, and nothing serves as an instrument',
    )
    expect(identifyEffect(graphOf('y -> t, c -> t'), 't', 'y').refusal).toMatch(
      /says that there is no effect/,
    )
  })
})

describe('mediation', () => {
  test('needs what joins mediator and outcome, before the treatment', () => {
    const graph = graphOf('c -> t, c -> y, w -> m, w -> y, t -> m, m -> y, t -> y')
    expect(identifyMediation(graph, 't', 'y', ['m'])).toEqual({
      ...{ identified: true, mediators: ['m'], given: ['c', 'w'] },
    })
    const hidden = graphOf('w -> m, w -> y, t -> m, m -> y, t -> y', ['w'])
    expect(identifyMediation(hidden, 't', 'y', ['m'])).toMatchObject({
      identified: false,
      reason: expect.stringContaining('m <- w -> y'),
    })
  })

  test('is refused where the treatment changes what joins mediator and outcome', () => {
    const graph = graphOf('t -> w, w -> m, w -> y, t -> m, m -> y')
    expect(identifyMediation(graph, 't', 'y', ['m'])).toMatchObject({ identified: false })
    expect(identifyMediation(graph, 't', 'y', ['c'])).toMatchObject({ identified: false })
  })
})

describe('implications', () => {
  test('of a chain and a collider', () => {
    expect(testableImplications(graphOf('a -> b, b -> c, d -> c'))).toEqual([
      { a: 'a', b: 'c', given: ['b'] },
      { a: 'a', b: 'd', given: [] },
      { a: 'b', b: 'd', given: [] },
    ])
  })

  test('are true in the graph, and name every pair that can be separated', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const pairs = names.flatMap((from, index) => names.slice(index + 1).map((to) => ({ from, to })))
    const graphs = fc.tuple(fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }), fc.subarray(names)).map(
      ([present, unobserved]) =>
        makeCausalGraph(
          pairs.filter((_, index) => present[index]),
          { nodes: names, unobserved },
        ) as CausalGraph,
    )
    fc.assert(
      fc.property(graphs, (graph) => {
        const found = testableImplications(graph)
        for (const { a, b, given } of found) {
          expect(isSeparated(graph, [a], [b], given)).toBe(true)
          expect(given.some((name) => graph.unobserved.has(name))).toBe(false)
        }
        const observed = names.filter((name) => !graph.unobserved.has(name))
        for (const [index, a] of observed.entries())
          for (const b of observed.slice(index + 1)) {
            const others = observed.filter((name) => name !== a && name !== b)
            const sets = subsets(others)
            const isSeparable = sets.some((set) => isSeparated(graph, [a], [b], set))
            expect(found.some((one) => one.a === a && one.b === b)).toBe(isSeparable)
          }
      }),
      { numRuns: 200 },
    )
  })
})
