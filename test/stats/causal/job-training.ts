import { type TreatedUnits, treatedUnits } from '../../../src/stats/causal/units.ts'
import { isRefused, type Refusal } from '../../../src/stats/refusal.ts'
import { type BinaryFit, fitBinary } from '../../../src/stats/regression/binary-regression.ts'
import { readColumns, readResults } from './published.ts'

/** The two data sets of LaLonde's job training, with what was computed of them elsewhere. */
export const jobTrainings = ['nsw_dw', 'lalonde_matchit'] as const

const covariates = {
  nsw_dw: ['age', 'educ', 'black', 'hisp', 'marr', 'nodegree', 're74', 're75'],
  lalonde_matchit: ['age', 'educ', 'black', 'hispan', 'married', 'nodegree', 're74', 're75'],
}

export interface JobTraining {
  readonly units: TreatedUnits
  readonly propensity: BinaryFit
  readonly covariates: readonly Float64Array[]
  // biome-ignore lint/suspicious/noExplicitAny: the shape is that of each file
  readonly results: any
  // biome-ignore lint/suspicious/noExplicitAny: the shape is that of each file
  readonly computed: any
}

export function known<T extends object>(result: T | Refusal): T {
  if (isRefused(result)) throw new Error(result.refused)
  return result
}

export function readJobTraining(name: (typeof jobTrainings)[number]): JobTraining {
  const { column, says } = readColumns(name)
  // One of the two has the race as text.
  const inText = name === 'lalonde_matchit' ? ['black', 'hispan'] : []
  const columns = covariates[name].map((covariate) =>
    inText.includes(covariate) ? says('race', covariate) : column(covariate),
  )
  const units = treatedUnits(Uint8Array.from(column('treat')), column('re78'), columns)
  const results = readResults(name)
  return {
    units,
    covariates: columns,
    propensity: known(fitBinary(units.propensityDesign, units.treatment)),
    results,
    computed: results.computed.python.causal_logit_ols,
  }
}
