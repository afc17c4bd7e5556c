import type { CausalOutcome } from '../../core/causal-spec.ts'
import type { VerdictRow } from '../../core/causal-tables.ts'
import type { DidMethod, DidSpec } from '../../core/did-spec.ts'
import type { CheckRow, PanelRefutationRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import { amountOf, percentOf } from '../causal/causal-words.ts'
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
  const estimand = spec.scale === 'relative' ? 'att_relative' : 'att'
  const rank = (row: Estimate): number =>
    preferred.indexOf(spec.estimators.find(({ name }) => name === row.method)!.method)
  return estimates
    .filter((row) => row.estimand === estimand && row.segmentName === null && row.status === 'ok')
    .sort((a, b) => rank(a) - rank(b))[0]
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
  const headline = didHeadline(spec, own)
  const naive = spec.scale === 'relative' ? found.naiveShare : naiveOf(own)
  const tried = refutations.filter((row) => row.outcome === outcome.name)
  const failedChecks = checks.filter(
    (row) => (row.outcome === null || row.outcome === outcome.name) && row.verdict === 'fails',
  )
  const refutersPassed = tried.filter(({ verdict }) => verdict === 'passes').length
  const refutersFailed = tried.filter(({ verdict }) => verdict === 'fails').length
  const claim = outcome.claim?.value ?? null
  const common = {
    ...{ ...origin, outcome: outcome.name, treatment: spec.treatment.name, naive, claim },
    ...{ refutersPassed, refutersFailed },
  }
  if (!headline || headline.estimate === null) {
    const reason = own.find(
      ({ status, estimand }) => status === 'refused' && estimand !== 'association',
    )?.reason
    return {
      ...common,
      ...{ estimand: 'att', verdict: 'refused', method: null, estimate: null, ciLower: null },
      ...{ ciUpper: null, bias: null, biasShare: null },
      sentence: `The effect of ${spec.treatment.name} on ${outcome.name} is not told: ${reason ?? 'no method answered'}.`,
    }
  }
  const { estimand, method, estimate, ciLower, ciUpper } = headline
  const believed = claim ?? naive
  const bias = believed === null ? null : believed - estimate
  const biasShare = bias === null || estimate === 0 ? null : bias / estimate
  const isTold = isToldFromZero(headline)
  const isDoubtful = refutersFailed > 0 || failedChecks.length > 0
  return {
    ...common,
    ...{ estimand, method, estimate, ciLower, ciUpper, bias, biasShare },
    verdict: isDoubtful ? 'doubtful' : isTold ? 'effect' : 'no_effect_found',
    sentence: [
      effectSentence(spec, outcome.name, headline, isTold),
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
function isToldFromZero({ ciLower, ciUpper, pValue, ciLevel }: Estimate): boolean {
  if (ciLower !== null && ciUpper !== null) return ciLower > 0 || ciUpper < 0
  return pValue !== null && pValue < 1 - (ciLevel ?? 0.95)
}

function effectSentence(spec: DidSpec, outcome: string, row: Estimate, isTold: boolean): string {
  const { name } = spec.treatment
  const by = row.method.replaceAll('_', ' ')
  const where = `${outcome} of those who had it`
  if (!isTold) return `No effect of ${name} on ${where} can be told from zero: ${effectWords(row)}, by ${by}.`
  return `${name} changes ${where} by ${effectWords(row)}, by ${by}.`
}

function beliefSentence(
  { claim }: CausalOutcome,
  naive: number | null,
  { estimate, ciLower, ciUpper, scale }: Estimate,
  isTold: boolean,
): string[] {
  const believed = claim?.value ?? naive
  if (believed === null || estimate === null) return []
  const whose = claim
    ? claim.by === undefined
      ? 'The claimed'
      : `${claim.by.charAt(0).toUpperCase()}${claim.by.slice(1)}'s`
    : 'The plain difference of'
  const number = `${whose} ${scale === 'relative' ? `${amountOf(believed * 100)} %` : amountOf(believed)}`
  if (ciLower !== null && ciUpper !== null && ciLower <= believed && believed <= ciUpper)
    return [`${number} is within what the data allow.`]
  if (!isTold) return [`${number} is not borne out.`]
  if (believed !== 0 && Math.sign(believed) !== Math.sign(estimate)) return [`${number} has the wrong sign.`]
  const share = believed / estimate - 1
  return [
    `${number} ${share > 0 ? 'overstates' : 'understates'} the effect by ${percentOf(Math.abs(share))}.`,
  ]
}

function refuterSentence(tried: readonly PanelRefutationRow[]): string[] {
  const judged = tried.filter(({ verdict }) => verdict === 'passes' || verdict === 'fails')
  if (judged.length === 0) return []
  const failed = judged.filter(({ verdict }) => verdict === 'fails')
  if (failed.length === 0)
    return [
      `It passes ${judged.length === 1 ? 'the attempt' : `all ${judged.length} attempts`} to refute it.`,
    ]
  const names = failed.map(({ refuter }) => refuter.replaceAll('_', ' '))
  return [`It fails ${failed.length} of ${judged.length} attempts to refute it: ${names.join(', ')}.`]
}
