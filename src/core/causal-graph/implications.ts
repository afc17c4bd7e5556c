import type { CausalGraph } from './causal-graph.ts'
import { minimalSeparators } from './minimal-separators.ts'

/** What the graph says of data: two variables that are independent once others are held fixed. */
export interface Independence {
  readonly a: string
  readonly b: string
  readonly given: readonly string[]
}

/**
 * One independence for each pair of observed variables that are not joined and can be separated by observed ones, with
 * the smallest set that does. Data that contradict one contradict the graph. Source: Pearl (2009), "Causality", 1.2.3
 * and 2.7; the pairwise basis of Pearl and Meshkat (1999), restricted to what is observed.
 */
export function testableImplications(graph: CausalGraph): Independence[] {
  const observed = graph.nodes.filter((node) => !graph.unobserved.has(node))
  return observed.flatMap((a, index) =>
    observed.slice(index + 1).flatMap((b) => {
      const allowed = new Set(observed.filter((node) => node !== a && node !== b))
      const [given] = minimalSeparators(graph, a, b, allowed).sets
      return given ? [{ a, b, given }] : []
    }),
  )
}
