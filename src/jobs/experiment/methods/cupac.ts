import { cupacMoments, cuped, foldMoments, isRefused, type Refusal, refuse } from '../../../stats/index.ts'
import { isRatio } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { resultOf } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult } from './method.ts'
import { rowsOf } from './rows.ts'

/*
 * CUPAC (Tang et al., DoorDash 2020): CUPED whose covariate is a prediction of the outcome from everything that was
 * measured before the experiment. The prediction is linear and made out of fold: of each fifth of the units from the
 * others, so that no unit's outcome is in its own covariate.
 */

const folds = 5

function cupac(input: MethodInput): MethodResult | Refusal {
  const rows = rowsOf(input)
  if (isRefused(rows)) return rows
  if (isRatio(input.treatment)) return refuse('a ratio has no outcome of a single unit to predict')
  const { treatment: t, control: c } = rows
  const columns = [...t.variables, ...t.others].map((values, place) =>
    joined(values, [...c.variables, ...c.others][place]!),
  )
  const [outcome, ...features] = columns
  const moments = cupacMoments(
    foldMoments(
      {
        keys: joined(t.keys, c.keys),
        treated: joined(new Float64Array(t.n).fill(1), new Float64Array(c.n)),
        outcome: outcome!,
        features: features.map(filled),
      },
      folds,
    ),
  )
  if (isRefused(moments)) return refuse(`the outcome cannot be predicted: ${moments.refused}`)
  const { scale, ciLevel } = input
  const effect = cuped(moments.treatment, moments.control, { scale, ciLevel })
  if (isRefused(effect)) return effect
  return resultOf(effect, input, {
    theta: effect.theta,
    variance_reduction: effect.varianceReduction,
    r_squared: Math.max(0, effect.varianceReduction),
    features: features.length,
    folds,
  })
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** What is missing is filled with the mean of what is known, of both arms: it was measured before they were made. */
function filled(values: Float64Array): Float64Array {
  const known = values.filter((value) => !Number.isNaN(value))
  if (known.length === values.length) return values
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length)
  return values.map((value) => (Number.isNaN(value) ? mean : value))
}

export const cupacMethods = {
  cupac: {
    scales: () => ['absolute', 'relative'],
    ciKind: 'fixed_horizon',
    needs: 'rows',
    applies: (outcome, spec) =>
      outcomeKind(outcome) !== 'quantile' && spec.outcomes.some(({ covariates }) => covariates.length > 0),
    compute: cupac,
  },
} as const satisfies Record<string, MethodEntry>
