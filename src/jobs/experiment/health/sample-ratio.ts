import type { ExperimentSpec } from '../../../core/experiment-spec.ts'
import { adjustPValues, isRefused, sampleRatioMismatch, stratifiedSampleRatio } from '../../../stats/index.ts'
import { unitsByCluster } from '../data/arms-by-cluster.ts'
import { type CellIndex, type Scope, wholePopulation } from '../data/cell-index.ts'
import { armsOf } from '../data/outcome-variables.ts'
import type { UnitRows } from '../data/unit-rows.ts'
import {
  type Finding,
  type HealthCheckFunction,
  type HealthInput,
  notEvaluated,
  pText,
  verdictOfPValue,
} from './finding.ts'

/*
 * Whether the arms have the sizes that were planned. When they have not, something other than chance chose who is in
 * which arm. The threshold is a p-value; segments are tested together (Holm).
 */

/** The units of each arm in a scope beside the weights that they should have. */
export function armSizes(
  spec: Pick<ExperimentSpec, 'control' | 'treatments' | 'holdout' | 'expectedWeights'>,
  index: CellIndex,
  scope: Scope = wholePopulation,
): { readonly arms: readonly string[]; readonly counts: number[]; readonly weights: number[] } {
  const arms = armsOf(spec)
  return {
    arms,
    counts: arms.map((arm) => index.unitsOf(arm, scope)),
    weights: arms.map((arm) => spec.expectedWeights[arm] ?? 0),
  }
}

/** The words for arms that are not as planned. */
export function mismatchText(
  counts: readonly number[],
  weights: readonly number[],
  pValue: number,
  of: 'units' | 'clusters' = 'units',
): string {
  return `sample ratio mismatch: arms of ${counts.join(' and ')} ${of} are not the planned ${weights.join(' : ')} (p = ${pValue.toExponential(1)})`
}

/**
 * The arms' sizes in what was randomised: clusters, where they were given their arms as a whole, otherwise units. Large
 * clusters would make units look unevenly shared out though they are not.
 */
function randomisedSizes({
  spec,
  index,
  evidence: { rows },
  isByCluster,
}: Omit<HealthInput, 'rule'>): ReturnType<typeof armSizes> & {
  readonly units: readonly number[]
  readonly of: 'units' | 'clusters'
} {
  const sizes = armSizes(spec, index)
  const units = sizes.counts
  return isByCluster && rows
    ? { ...sizes, units, counts: clustersPerArm(rows, sizes.arms), of: 'clusters' }
    : { ...sizes, units, of: 'units' }
}

/** Clusters by the arm that most of their units are in: a few units may have crossed over. */
function clustersPerArm(rows: UnitRows, names: readonly string[]): number[] {
  const codes = names.map((name) => rows.arms.texts.indexOf(name))
  const counts = names.map(() => 0)
  for (const own of unitsByCluster(rows).values()) {
    const sizes = codes.map((code) => own.get(code) ?? 0)
    const most = Math.max(...sizes)
    if (most > 0) counts[sizes.indexOf(most)]! += 1
  }
  return counts
}

/** The arms' sizes, and the test of whether they are the planned ones; stratum by stratum where the plans differ. */
export function testSampleRatio(input: Omit<HealthInput, 'rule'>, alpha: number) {
  const { spec, index } = input
  const sizes = randomisedSizes(input)
  const { stratumWeights } = spec
  if (!stratumWeights)
    return { ...sizes, result: sampleRatioMismatch(sizes.counts, sizes.weights, { alpha }) }
  const strata = index.strata.map((stratum) => ({
    counts: sizes.arms.map((arm) => index.unitsOf(arm, wholePopulation, { stratum })),
    weights: sizes.arms.map((arm) => (stratumWeights[stratum] ?? spec.expectedWeights)[arm] ?? 0),
  }))
  return { ...sizes, result: stratifiedSampleRatio(strata, { alpha }) }
}

const noPlannedRatio = 'a bandit changes the weights as it goes, so that no ratio is planned'

/** The check of the whole population. */
export const checkSampleRatio: HealthCheckFunction = (input) => {
  const { spec, rule } = input
  const { arms, units, counts, weights: overall, of, result } = testSampleRatio(input, rule.threshold)
  const seen = { arms, units, ...(of === 'clusters' && { clusters: counts }) }
  if (spec.bandit) return [{ ...notEvaluated(noPlannedRatio), diagnostics: seen }]
  if (isRefused(result))
    return [
      {
        verdict: 'fail',
        message: `the arms' sizes cannot be checked: ${result.refused}`,
        diagnostics: seen,
      },
    ]
  const { pValue, statistic, method } = result
  // What the strata's plans come to for these units.
  const weights = spec.stratumWeights ? result.expected.map(Math.round) : overall
  const verdict = verdictOfPValue(pValue, rule.threshold)
  const sizes = `arms of ${counts.join(' and ')} ${of}, planned ${weights.join(' : ')}`
  return [
    {
      verdict,
      pValue,
      observed: pValue,
      statistic: statistic ?? null,
      message: verdict === 'fail' ? mismatchText(counts, weights, pValue, of) : `${sizes} (${pText(pValue)})`,
      diagnostics: { ...seen, expected_weights: weights, expected: result.expected, method },
    },
  ]
}

/** The check of every segment's value; one row for each. */
export const checkSampleRatioBySegment: HealthCheckFunction = ({ spec, index, rule }) => {
  if (spec.segments.length === 0) return [notEvaluated('no segments are declared')]
  if (spec.bandit) return [notEvaluated(noPlannedRatio)]
  if (spec.stratumWeights)
    return [notEvaluated('the planned ratio differs between strata, so that no segment has one')]
  if (spec.cluster !== undefined)
    return [notEvaluated('clusters were given their arms, and may have units of several segments')]
  const tested = index.scopes
    .filter(({ segmentName }) => segmentName !== null && spec.segments.includes(segmentName))
    .map((scope) => {
      const { counts, weights } = armSizes(spec, index, scope)
      return { scope, counts, weights, result: sampleRatioMismatch(counts, weights) }
    })
  const pValues = tested.flatMap(({ result }) => (isRefused(result) ? [] : [result.pValue]))
  const adjusted = pValues.length === 0 ? [] : adjustPValues(pValues, 'holm')
  if (isRefused(adjusted)) return [notEvaluated(adjusted.refused)]
  let place = 0
  return tested.map(({ scope, counts, weights, result }): Finding => {
    if (isRefused(result)) return { ...notEvaluated(result.refused), ...scope }
    const pValue = adjusted[place++]!
    const verdict = verdictOfPValue(pValue, rule.threshold)
    return {
      ...scope,
      verdict,
      pValue: result.pValue,
      observed: pValue,
      statistic: result.statistic ?? null,
      message:
        verdict === 'fail'
          ? mismatchText(counts, weights, pValue)
          : `arms of ${counts.join(' and ')} units (${pText(pValue)} among ${tested.length} segments)`,
      diagnostics: { units: counts, expected_weights: weights, method: result.method },
    }
  })
}
