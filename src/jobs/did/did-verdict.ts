import type { CausalOutcome } from '../../core/causal-spec.ts'
import type { VerdictRow } from '../../core/causal-tables.ts'
import type { DidMethod, DidSpec } from '../../core/did-spec.ts'
import type { CheckRow, PanelRefutationRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import { beliefSentence, goodSentence, refuterSentence } from '../causal/verdict-words.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { effectWords } from './did-words.ts'
import type { PanelEstimates } from './estimate-panel.ts'

/** Which method speaks where one number has to: those that are right under more, first. */
const preferred: readonly DidMethod[] = [
  'callaway_santanna',
  'synthetic_did',
  'two_by_two',
  'twfe',
  'synthetic_control',
]

/** The estimate that stands for an outcome. */
export function didHeadline(spec: DidSpec, estimates: readonly Estimate[]): Estimate | undefined {
  const estimand = estimandOf(spec)
  const rank = (row: Estimate): number =>
    preferred.indexOf(spec.estimators.find(({ name }) => name === row.method)!.method)
  return estimates
    .filter((row) => row.estimand === estimand && row.segmentName === null && row.status === 'ok')
    .sort((a, b) => rank(a) - rank(b))[0]
}

function estimandOf({ scale }: DidSpec): string {
  return scale === 'relative' ? 'att_relative' : 'att'
}

/** What to believe of the effect on one outcome. */
export function didVerdict(
  spec: DidSpec,
  origin: TableOrigin,
  outcome: CausalOutcome,
  found: PanelEstimates,
  checks: readonly CheckRow[],
  refutations: readonly PanelRefutationRow[],
): VerdictRow {
  const own = found.estimates
  return questionVerdict({
    ...{ origin, outcome, treatment: spec.treatment.name, of: ' of those who had it', checks, refutations },
    ...{ estimand: estimandOf(spec), ciLevel: spec.ciLevel },
    headline: didHeadline(spec, own),
    naive: spec.scale === 'relative' ? found.naiveShare : naiveOf(own),
    refusal: own.find(({ status, estimand }) => status === 'refused' && estimand !== 'association')?.reason,
  })
}

/** What a verdict is made of. */
export interface VerdictParts {
  readonly origin: TableOrigin
  readonly outcome: CausalOutcome
  readonly treatment: string
  /** What is asked for, and at which level it is told from zero. */
  readonly estimand: string
  readonly ciLevel: number
  /** Whose outcome it is, as it stands behind the outcome's name. */
  readonly of: string
  readonly headline: Estimate | undefined
  readonly naive: number | null
  readonly refusal: string | null | undefined
  readonly checks: readonly CheckRow[]
  readonly refutations: readonly PanelRefutationRow[]
}

/** The verdict on one outcome from the estimate that stands for it, what was believed, checks and refuters. */
export function questionVerdict(parts: VerdictParts): VerdictRow {
  const { origin, outcome, treatment, headline, naive } = parts
  const tried = parts.refutations.filter((row) => row.outcome === outcome.name)
  const failedChecks = parts.checks.filter(
    (row) => (row.outcome === null || row.outcome === outcome.name) && row.verdict === 'fails',
  )
  const refutersPassed = tried.filter(({ verdict }) => verdict === 'passes').length
  const refutersFailed = tried.filter(({ verdict }) => verdict === 'fails').length
  const claim = outcome.claim?.value ?? null
  const common = {
    ...{ ...origin, outcome: outcome.name, treatment, naive, claim, refutersPassed, refutersFailed },
  }
  if (!headline || headline.estimate === null)
    return {
      ...common,
      ...{ estimand: parts.estimand, verdict: 'refused', method: null, estimate: null, ciLower: null },
      ...{ ciUpper: null, bias: null, biasShare: null },
      sentence: `The effect of ${treatment} on ${outcome.name} is not told: ${parts.refusal ?? 'no method answered'}.`,
    }
  const { estimand, method, estimate, ciLower, ciUpper } = headline
  const believed = claim ?? naive
  const bias = believed === null ? null : believed - estimate
  const biasShare = bias === null || estimate === 0 ? null : bias / estimate
  const isTold = isToldFromZero(headline, parts.ciLevel)
  const isDoubtful = refutersFailed > 0 || failedChecks.length > 0
  return {
    ...common,
    ...{ estimand, method, estimate, ciLower, ciUpper, bias, biasShare },
    verdict: isDoubtful ? 'doubtful' : isTold ? 'effect' : 'no_effect_found',
    sentence: [
      effectSentence(treatment, `${outcome.name}${parts.of}`, headline, isTold),
      ...goodSentence(outcome, headline, isTold),
      ...beliefSentence(outcome, naive, headline, isTold),
      ...failedChecks.map(({ message }) => `Doubtful: ${message}.`),
      ...refuterSentence(tried),
    ].join(' '),
  }
}

function naiveOf(estimates: readonly Estimate[]): number | null {
  const plain = estimates.filter(({ estimand, status }) => estimand === 'association' && status === 'ok')
  return (plain.find(({ method }) => method === 'naive_difference') ?? plain[0])?.estimate ?? null
}

/** By the interval; where there is none, by the p-value of placebos. */
function isToldFromZero({ ciLower, ciUpper, pValue }: Estimate, ciLevel: number): boolean {
  if (ciLower !== null && ciUpper !== null) return ciLower > 0 || ciUpper < 0
  return pValue !== null && pValue < 1 - ciLevel
}

function effectSentence(treatment: string, about: string, row: Estimate, isTold: boolean): string {
  const by = row.method.replaceAll('_', ' ')
  if (!isTold)
    return `No effect of ${treatment} on ${about} can be told from zero: ${effectWords(row)}, by ${by}.`
  return `${treatment} changes ${about} by ${effectWords(row)}, by ${by}.`
}
