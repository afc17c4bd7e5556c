import { isRefused, proportionTest, type Refusal, refuse } from '../../../stats/index.ts'
import { isRatio } from '../data/cell-moments.ts'
import type { UnitRows } from '../data/unit-rows.ts'
import { type ArmNames, clusteredDifference } from './clustered-difference.ts'
import { type Finding, type HealthCheckFunction, percent, pText, verdictOfShare } from './finding.ts'

/*
 * Units whose outcome is not known. The threshold is the largest share of an arm that may be missing; a share that
 * differs between the arms beyond chance (p < 0.001) fails whatever its size, since then those that are left cannot be
 * compared. Where clusters were given the arms, the difference is tested by them.
 */

const differenceAlpha = 0.001

/** One row for each outcome and treatment. */
export const checkMissingOutcomes: HealthCheckFunction = ({ spec, evidence, index, isByCluster, rule }) =>
  spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((outcome): Finding[] => {
      const t = index.find(outcome.name, treatment)
      const c = index.find(outcome.name, spec.control)
      if (!t || !c || t.units === 0 || c.units === 0) return []
      const shares = [t.missing / t.units, c.missing / c.units] as const
      const test = isByCluster
        ? byClusters(evidence.rows, outcome.name, isRatio(t) ? 2 : 1, { treatment, control: spec.control })
        : proportionTest({ successes: t.missing, n: t.units }, { successes: c.missing, n: c.units })
      const pValue = isRefused(test) ? null : test.pValue
      const observed = Math.max(...shares)
      const differs = pValue !== null && pValue < differenceAlpha
      const untested =
        isByCluster && isRefused(test) && observed > 0
          ? `; whether the arms differ is not tested: ${test.refused}`
          : ''
      const text = `${percent(shares[0])} of treatment and ${percent(shares[1])} of control have no value${untested}`
      return [
        {
          outcome: outcome.name,
          treatment,
          verdict: differs ? 'fail' : verdictOfShare(observed, rule.threshold),
          observed,
          pValue,
          message: differs
            ? `${text}: the arms differ (${pText(pValue)}${isByCluster ? ' by clusters' : ''})`
            : text,
          diagnostics: {
            missing_treated: t.missing,
            missing_control: c.missing,
            ...('clusters' in test && { clusters: test.clusters }),
          },
        },
      ]
    }),
  )

/** The difference of the shares that are missing; `own` variables make the outcome. */
function byClusters(
  rows: UnitRows | null,
  outcome: string,
  own: 1 | 2,
  names: ArmNames,
): ReturnType<typeof clusteredDifference> | Refusal {
  const variables = rows?.variables.get(outcome)?.slice(0, own)
  if (!rows || !variables) return refuse('the units themselves are not at hand, only their sums')
  return clusteredDifference(rows, names, (row) =>
    variables.some((values) => Number.isNaN(values[row]!)) ? 1 : 0,
  )
}
