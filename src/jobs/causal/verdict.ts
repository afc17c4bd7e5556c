import type { CausalMethod, CausalOutcome, CausalSpec } from '../../core/causal-spec.ts'
import type { RefutationRow, VerdictRow } from '../../core/causal-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { treatmentWords } from './causal-estimate.ts'
import { withIntervalOf } from './causal-words.ts'
import { beliefSentence, goodSentence, refuterSentence } from './verdict-words.ts'

/**
 * Which method speaks where one number has to: those that are right under more, first. Plain differences and parts of an effect
 * stand for none.
 */
const preferred: readonly CausalMethod[] = [
  'aipw',
  'dml_irm',
  'ipw_regression_adjustment',
  'regression_adjustment',
  'entropy_balancing',
  'propensity_matching',
  'ipw',
  'stratification',
  'dml_plr',
  'overlap_weighting',
  'frontdoor',
  'two_stage_least_squares',
  'wald',
]

/** The estimate that stands for an outcome: of the first target that any method could speak of, by the method preferred. */
export function headlineOf(
  spec: CausalSpec,
  outcome: string,
  estimates: readonly Estimate[],
): Estimate | undefined {
  const methodOf = (row: Estimate) => spec.estimators.find(({ name }) => name === row.method)!.method
  const own = estimates.filter(
    (row) => row.outcome === outcome && row.status === 'ok' && preferred.includes(methodOf(row)),
  )
  const estimands = [...new Set(own.map(({ estimand }) => estimand))]
  const rank = (estimand: string): number => {
    const place = (spec.estimands as readonly string[]).indexOf(estimand)
    return place >= 0 ? place : 10 + ['att', 'atc', 'ate_trimmed'].indexOf(estimand)
  }
  const [first] = estimands.sort((a, b) => rank(a) - rank(b))
  return own
    .filter(({ estimand }) => estimand === first)
    .sort((a, b) => preferred.indexOf(methodOf(a)) - preferred.indexOf(methodOf(b)))[0]
}

/** What to believe of the effect on one outcome. */
export function verdictOf(
  spec: CausalSpec,
  origin: TableOrigin,
  outcome: CausalOutcome,
  estimates: readonly Estimate[],
  refutations: readonly RefutationRow[],
): VerdictRow {
  const { treatment } = treatmentWords(spec)
  const own = estimates.filter((row) => row.outcome === outcome.name)
  const naive = own.find(({ estimand }) => estimand === 'association')?.estimate ?? null
  const headline = headlineOf(spec, outcome.name, estimates)
  const tried = refutations.filter((row) => row.outcome === outcome.name)
  const refutersPassed = tried.filter(({ verdict }) => verdict === 'passes').length
  const refutersFailed = tried.filter(({ verdict }) => verdict === 'fails').length
  const claim = outcome.claim?.value ?? null
  const common = { ...origin, outcome: outcome.name, treatment, naive, claim, refutersPassed, refutersFailed }
  if (!headline || headline.estimate === null) {
    const reason = own.find(({ status }) => status === 'refused')?.reason ?? 'no method answered'
    return {
      ...common,
      ...{ estimand: spec.estimands[0]!, verdict: 'refused', method: null, estimate: null, ciLower: null },
      ...{ ciUpper: null, bias: null, biasShare: null },
      sentence: `The effect of ${treatment} on ${outcome.name} is not told: ${reason}.`,
    }
  }
  const { estimand, method, estimate, ciLower, ciUpper } = headline
  const believed = claim ?? naive
  const bias = believed === null ? null : believed - estimate
  const biasShare = bias === null || estimate === 0 ? null : bias / estimate
  const isTold = (ciLower ?? 0) > 0 || (ciUpper ?? 0) < 0
  const verdict = refutersFailed > 0 ? 'doubtful' : isTold ? 'effect' : 'no_effect_found'
  return {
    ...common,
    ...{ estimand, method, estimate, ciLower, ciUpper, bias, biasShare, verdict },
    sentence: [
      effectSentence(treatment, outcome.name, headline, isTold),
      ...goodSentence(outcome, headline, isTold),
      ...beliefSentence(outcome, naive, headline, isTold),
      ...refuterSentence(tried),
    ].join(' '),
  }
}

const whom: Readonly<Record<string, string>> = {
  ate: '',
  att: ' for those who had it',
  atc: ' for those who did not have it',
  ate_trimmed: ' for those who are comparable',
  att_trimmed: ' for those who had it and are comparable',
  atc_trimmed: ' for those who did not have it and are comparable',
  late: ' for those whom the instrument moves',
  ato: ' for those for whom both were likely',
}

function effectSentence(treatment: string, outcome: string, row: Estimate, isTold: boolean): string {
  const { estimand, method } = row
  const about = `${outcome}${whom[estimand] ?? ''}`
  const by = method.replaceAll('_', ' ')
  if (!isTold)
    return `No effect of ${treatment} on ${about} can be told from zero: ${withIntervalOf(row)}, by ${by}.`
  return `${treatment} changes ${about} by ${withIntervalOf(row)}, by ${by}.`
}
