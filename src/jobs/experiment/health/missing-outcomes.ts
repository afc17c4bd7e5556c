import { isRefused, proportionTest } from '../../../stats/index.ts'
import { type Finding, type HealthCheckFunction, percent, pText, verdictOfShare } from './finding.ts'

/*
 * Units whose outcome is not known. The threshold is the largest share of an arm that may be missing; a share that
 * differs between the arms beyond chance (p < 0.001) fails whatever its size, since then those that are left cannot be
 * compared.
 */

const differenceAlpha = 0.001

/** One row for each outcome and treatment. */
export const checkMissingOutcomes: HealthCheckFunction = ({ spec, index, rule }) =>
  spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((outcome): Finding[] => {
      const t = index.find(outcome.name, treatment)
      const c = index.find(outcome.name, spec.control)
      if (!t || !c || t.units === 0 || c.units === 0) return []
      const shares = [t.missing / t.units, c.missing / c.units] as const
      const test = proportionTest({ successes: t.missing, n: t.units }, { successes: c.missing, n: c.units })
      const pValue = isRefused(test) ? null : test.pValue
      const observed = Math.max(...shares)
      const differs = pValue !== null && pValue < differenceAlpha
      const text = `${percent(shares[0])} of treatment and ${percent(shares[1])} of control have no value`
      return [
        {
          outcome: outcome.name,
          treatment,
          verdict: differs ? 'fail' : verdictOfShare(observed, rule.threshold),
          observed,
          pValue,
          message: differs ? `${text}: the arms differ (${pText(pValue)})` : text,
          diagnostics: { missing_treated: t.missing, missing_control: c.missing },
        },
      ]
    }),
  )
