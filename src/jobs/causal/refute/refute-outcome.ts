import type { CausalRefuter, CausalSpec } from '../../../core/causal-spec.ts'
import type { RefutationRow } from '../../../core/causal-tables.ts'
import type { Estimate } from '../../../core/estimate.ts'
import { judgeRefuter } from '../../../stats/causal/refuters/refute.ts'
import { isRefused } from '../../../stats/index.ts'
import type { TableOrigin } from '../../experiment/estimate-row.ts'
import type { CausalData } from '../causal-data.ts'
import type { OutcomeEstimates } from '../estimate-outcome.ts'
import type { Found, Tried } from './found.ts'
import { negativeControlOf } from './negative-control.ts'
import { refutedUnits } from './refuted-units.ts'
import { eValueOf, robustnessOf } from './sensitivity.ts'
import { type Simulations, simulateInThreads } from './simulate-in-threads.ts'
import { unobservedOf } from './unobserved.ts'

/** Lets every refuter try the estimate that stands for an outcome. */
export async function refuteOutcome(
  origin: TableOrigin,
  spec: CausalSpec,
  data: CausalData,
  outcome: OutcomeEstimates,
  headline: Estimate,
  threads: number,
): Promise<RefutationRow[]> {
  const estimator = spec.estimators.find(({ name }) => name === headline.method)!
  const isTrimmed = headline.estimand.endsWith('_trimmed')
  const base = headline.estimand.replace('_trimmed', '')
  const target = (['ate', 'att', 'atc'] as const).find((one) => one === base) ?? spec.estimands[0]!
  const population = isTrimmed ? (outcome.trimmed.get(target) ?? null) : outcome.population
  const tried: Tried = { spec, data, outcome, headline, estimator, target, population }
  // Threads of their own draw; what is no draw is worked out meanwhile.
  const [simulated, informed] = await Promise.all([simulateAll(tried, threads), informAll(tried)])
  return spec.refuters.map((refuter) => ({
    ...{ ...origin, outcome: outcome.outcome, estimand: headline.estimand, method: headline.method },
    ...{ refuter: refuter.refuter, estimate: headline.estimate },
    ...{ newEffect: null, spread: null, pValue: null, simulations: null, diagnostics: {} },
    ...(simulated.get(refuter) ?? informed.get(refuter)!),
  }))
}

/** The refuters that draw nothing, one after the other. */
async function informAll(tried: Tried): Promise<Map<CausalRefuter, Found>> {
  const found = new Map<CausalRefuter, Found>()
  for (const refuter of tried.spec.refuters)
    if (!simulationsOf(refuter)) found.set(refuter, await byItself(tried, refuter))
  return found
}

/** The refuters that change the data and estimate anew, all in one go. */
async function simulateAll(tried: Tried, threads: number): Promise<Map<CausalRefuter, Found>> {
  const { spec, estimator, target, headline } = tried
  const refuters = spec.refuters.flatMap((refuter) => {
    const wanted = simulationsOf(refuter)
    return wanted ? [{ refuter, wanted }] : []
  })
  const found = new Map<CausalRefuter, Found>()
  if (refuters.length === 0) return found
  const refuted = refutedUnits(tried)
  const wanted = refuters.map((one) => one.wanted)
  const effects = isRefused(refuted)
    ? refuted
    : await simulateInThreads({ refuted, estimator, target, seed: spec.seed, wanted }, threads)
  const original = { estimate: headline.estimate!, stdError: headline.stdError! }
  for (const [index, { refuter, wanted }] of refuters.entries()) {
    const result = isRefused(effects) ? effects : judgeRefuter(wanted.refuter, original, effects[index]!)
    if (isRefused(result)) {
      found.set(refuter, { verdict: 'not_evaluated', message: `not evaluated: ${result.refused}` })
      continue
    }
    found.set(refuter, {
      verdict: result.passes ? 'passes' : 'fails',
      message: result.verdict,
      ...{ newEffect: result.estimate, spread: result.stdError, pValue: result.pValue },
      simulations: result.simulations,
      diagnostics: {
        simulated_from: result.ciLower,
        simulated_to: result.ciUpper,
        refusals: result.refusals,
      },
    })
  }
  return found
}

function simulationsOf(refuter: CausalRefuter): Simulations | null {
  switch (refuter.refuter) {
    case 'placebo_treatment':
    case 'random_common_cause':
    case 'bootstrap':
    case 'dummy_outcome':
      return { refuter: refuter.refuter, simulations: refuter.simulations }
    case 'data_subset':
      return { refuter: refuter.refuter, simulations: refuter.simulations, subsetShare: refuter.share }
    default:
      return null
  }
}

async function byItself(tried: Tried, refuter: CausalRefuter): Promise<Found> {
  switch (refuter.refuter) {
    case 'unobserved_common_cause':
      return unobservedOf(tried, refuter.strengths)
    case 'robustness_value':
      return robustnessOf(tried)
    case 'e_value':
      return eValueOf(tried)
    case 'negative_control':
      return negativeControlOf(tried, refuter.outcome)
    default:
      throw new Error(`${refuter.refuter} is simulated`)
  }
}
