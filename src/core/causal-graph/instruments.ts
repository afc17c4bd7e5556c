import { type CausalGraph, descendantsOf, withoutEdges } from './causal-graph.ts'
import { isSeparated } from './d-separation.ts'
import { minimalSeparators } from './minimal-separators.ts'

export interface Instrument {
  readonly instrument: string
  /** What has to be held fixed for it to be one; empty for an instrument as it stands. */
  readonly given: readonly string[]
}

/**
 * Observed variables that move the treatment and reach the outcome through it only, each with the smallest sets that
 * have to be held fixed; sets hold nothing that the outcome or the treatment leads to.
 *
 * Source: Brito and Pearl (2002), "Generalized instrumental variables"; van der Zander, Textor, Liśkiewicz (2015),
 * "Efficiently finding conditional instruments for causal inference".
 */
export function findInstruments(graph: CausalGraph, treatment: string, outcome: string): Instrument[] {
  const after = descendantsOf(graph, [treatment, outcome])
  const without = withoutEdges(graph, ({ from }) => from === treatment)
  const candidates = graph.nodes.filter((node) => !after.has(node) && !graph.unobserved.has(node))
  return candidates.flatMap((instrument) => {
    const allowed = new Set(candidates.filter((node) => node !== instrument))
    const { sets } = minimalSeparators(without, instrument, outcome, allowed)
    const given = sets.find((set) => !isSeparated(graph, [instrument], [treatment], set))
    return given ? [{ instrument, given }] : []
  })
}
