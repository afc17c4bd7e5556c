import { testableImplications } from '../../core/causal-graph/implications.ts'
import type { CausalSpec } from '../../core/causal-spec.ts'
import type { IdentificationRow } from '../../core/causal-tables.ts'
import { partialCorrelationTest } from '../../stats/causal/partial-correlation.ts'
import { isRefused } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { type CausalData, labelsOf } from './causal-data.ts'
import { placesOf, pooledMoments, treatmentLabel } from './data/causal-moments.ts'

/** Below this, divided among all tests, an independence is called contradicted. */
const level = 0.01
/** Weaker partial correlations matter to no estimate, however sure they are. */
const smallestCorrelation = 0.02

/**
 * What the graph says of the data, held against them: pairs that have to be uncorrelated once others are held fixed. A
 * category is looked at level by level, the strongest one speaking for it.
 */
export function implicationRows(
  spec: CausalSpec,
  data: CausalData,
  origin: TableOrigin,
): IdentificationRow[] {
  // Of an assumed graph nobody claims anything.
  if (spec.graph.isAssumed) return []
  const implications = testableImplications(data.graph)
  const pooled = pooledMoments(data.moments)
  const outcomes = spec.outcomes.map(({ name }) => name)
  const labels = (node: string): string[] =>
    node === spec.treatment.node
      ? [treatmentLabel]
      : outcomes.includes(node)
        ? [node]
        : labelsOf(data, [node])
  return implications.map(({ a, b, given }): IdentificationRow => {
    const row = (
      own: Pick<IdentificationRow, 'note' | 'statistic' | 'pValue' | 'verdict'>,
    ): IdentificationRow => ({
      ...{ ...origin, kind: 'implication', outcome: null, variables: [a, b], given, chosen: false },
      ...own,
    })
    const held = given.length === 0 ? '' : ` given ${given.join(', ')}`
    const says = `${a} is independent of ${b}${held}`
    const gap = [a, b, ...given].find((node) => data.leftOut.includes(node))
    if (gap !== undefined)
      return row({
        note: `${says}: not checked, ${gap} has missing values`,
        statistic: null,
        pValue: null,
        verdict: 'not_checked',
      })
    const fixed = placesOf(pooled, given.flatMap(labels))
    const tests = placesOf(pooled, labels(a)).flatMap((i) =>
      placesOf(pooled, labels(b)).map((j) => partialCorrelationTest(pooled.groups[0]!, i, j, fixed)),
    )
    const found = tests.flatMap((test) => (isRefused(test) ? [] : [test]))
    const [strongest] = found.sort((x, y) => Math.abs(y.correlation) - Math.abs(x.correlation))
    if (!strongest)
      return row({ note: `${says}: not checked`, statistic: null, pValue: null, verdict: 'not_checked' })
    // Bonferroni, over all implications and the levels of this one.
    const pValue = Math.min(1, strongest.pValue * found.length)
    const isContradicted =
      pValue * implications.length < level && Math.abs(strongest.correlation) > smallestCorrelation
    const measured = `partial correlation ${Number(strongest.correlation.toPrecision(2))}`
    return row({
      note: `${says}: ${isContradicted ? 'contradicted' : 'not contradicted'}, ${measured}`,
      statistic: strongest.correlation,
      pValue,
      verdict: isContradicted ? 'contradicted' : 'ok',
    })
  })
}
