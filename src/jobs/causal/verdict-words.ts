import type { CausalOutcome } from '../../core/causal-spec.ts'
import type { Estimate } from '../../core/estimate.ts'
import { amountOf, percentOf } from './causal-words.ts'

/*
 * What a verdict says beside the effect itself, whatever the design: each a sentence, or none.
 */

/** Whether the effect is a good one, where the question says which way is. */
export function goodSentence({ better }: CausalOutcome, { estimate }: Estimate, isTold: boolean): string[] {
  if (better === undefined || !isTold || estimate === null || estimate === 0) return []
  return [`That is for the ${estimate > 0 === (better === 'higher') ? 'better' : 'worse'}.`]
}

/** What was believed, beside what is so. */
export function beliefSentence(
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

/** How many attempts to refute it came to nothing, or which did not. */
export function refuterSentence(
  tried: readonly { readonly refuter: string; readonly verdict: string }[],
): string[] {
  const judged = tried.filter(({ verdict }) => verdict === 'passes' || verdict === 'fails')
  if (judged.length === 0) return []
  const failed = judged.filter(({ verdict }) => verdict === 'fails')
  if (failed.length > 0) {
    const names = [...new Set(failed.map(({ refuter }) => refuter.replaceAll('_', ' ')))]
    return [`It fails ${failed.length} of ${judged.length} attempts to refute it: ${names.join(', ')}.`]
  }
  const all = ['', 'the attempt', 'both attempts'][judged.length] ?? `all ${judged.length} attempts`
  return [`It passes ${all} to refute it.`]
}
