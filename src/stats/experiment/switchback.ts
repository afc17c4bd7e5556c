import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { momentsOf } from './arm-moments.ts'
import { differenceInMeans } from './difference-in-means.ts'

/** One period of a switchback, in the order of time within its sequence (a region, say). */
export interface SwitchbackPeriod {
  /** Which series of periods it belongs to; carry-over stays within. */
  readonly sequence: string
  /** Which block of periods got its treatment by one draw. */
  readonly block: string
  readonly treated: boolean
  readonly outcome: number
}

/** Options of `switchbackEffect`. */
export interface SwitchbackOptions extends InferenceOptions {
  /** Periods for which a treatment may still be felt, m. */
  readonly carryOver: number
  /** Probability with which a block is treated; ½ if not given. */
  readonly probability?: number
  /**
   * - 'block_means' (the default): the first m periods of each block are dropped as burn-in, and the means of the rest compared
   *   block by block with Welch's test.
   * - 'horvitz_thompson': all periods whose last m + 1 had one treatment, each over the probability of that; unbiased over the draws
   *   of treatments whatever the outcomes do over time, and the wider for it.
   */
  readonly estimator?: 'block_means' | 'horvitz_thompson'
}

/** What a switchback adds to an estimate. */
export interface SwitchbackInference extends Inference {
  /** Blocks that say something. */
  readonly blocks: number
  /** Periods used, of all. */
  readonly periodsUsed: number
}

/**
 * The effect per period of treating always instead of never, from blocks of periods that were treated or not at random.
 *
 * Inputs: all periods, those of a sequence in their order. For 'horvitz_thompson' the period's part is
 * Z = y·(1{all m + 1 treated}/π₁ − 1{none}/π₀), where π are powers of the blocks that the window spans, the first m periods of
 * a sequence being left out; the effect is the mean of Z. Its variance is bounded by (1 + 2d)·Σ_b(Σ_{t∈b}Z)²/N², d being the
 * blocks before its own that a window reaches into: Σ of products of neighbours is at most that of squares, and squares are not
 * less than their deviations, so that the expected bound is never below the variance. Refuses periods of a block that differ in
 * treatment, fewer than two blocks of a kind, a negative carry-over and a probability outside (0, 1). Source: the estimator
 * Bojinov, Simchi-Levi, Zhao (2023), Management Science 69 (arXiv 2009.00148); the bound as said, simpler and wider than theirs.
 */
export function switchbackEffect(
  periods: readonly SwitchbackPeriod[],
  options: SwitchbackOptions,
): SwitchbackInference | Refusal {
  const { carryOver, probability = 0.5, estimator = 'block_means', ...rest } = options
  if (!(Number.isInteger(carryOver) && carryOver >= 0))
    return refuse('the carry-over must be a whole number of at least 0')
  if (!(probability > 0 && probability < 1))
    return refuse('the probability of treatment must be between 0 and 1')
  if (!periods.every(({ outcome }) => Number.isFinite(outcome)))
    return refuse('the outcomes are not all finite numbers')
  const blocks = blocksOf(periods)
  if (isRefused(blocks)) return blocks
  return estimator === 'block_means'
    ? compareBlocks(blocks, carryOver, rest)
    : horvitzThompson(blocks, carryOver, probability, rest)
}

/** Periods that got their treatment by one draw. */
interface Block {
  readonly sequence: string
  readonly treated: boolean
  readonly outcomes: readonly number[]
}

/** Blocks in the order of time, sequence by sequence. */
function blocksOf(periods: readonly SwitchbackPeriod[]): Block[] | Refusal {
  const sequences = new Map<string, Map<string, { treated: boolean; outcomes: number[] }>>()
  for (const { sequence, block, treated, outcome } of periods) {
    const blocks = sequences.get(sequence) ?? new Map<string, { treated: boolean; outcomes: number[] }>()
    sequences.set(sequence, blocks)
    const known = blocks.get(block)
    if (known && known.treated !== treated)
      return refuse(`block ${block} of ${sequence} is treated and not treated`)
    if (known) known.outcomes.push(outcome)
    else blocks.set(block, { treated, outcomes: [outcome] })
  }
  return [...sequences].flatMap(([sequence, blocks]) =>
    [...blocks.values()].map((block) => ({ sequence, ...block })),
  )
}

function compareBlocks(
  blocks: readonly Block[],
  carryOver: number,
  options: InferenceOptions,
): SwitchbackInference | Refusal {
  const kept = blocks
    // Nothing comes before the first block of a sequence, but the state that it begins in is not its own either.
    .map(({ treated, outcomes }) => ({ treated, outcomes: outcomes.slice(carryOver) }))
    .filter(({ outcomes }) => outcomes.length > 0)
  const means = (treated: boolean) =>
    momentsOf(
      kept
        .filter((block) => block.treated === treated)
        .map(({ outcomes }) => sumOf(outcomes) / outcomes.length),
    )
  const [t, c] = [means(true), means(false)]
  if (!(t.n >= 2 && c.n >= 2))
    return refuse(
      `too few blocks: ${t.n} treated and ${c.n} not, longer than the carry-over, and at least 2 are needed of each`,
    )
  const inference = differenceInMeans(t, c, options)
  if (isRefused(inference)) return inference
  return {
    ...inference,
    blocks: kept.length,
    periodsUsed: sumOf(kept.map(({ outcomes }) => outcomes.length)),
  }
}

function horvitzThompson(
  blocks: readonly Block[],
  carryOver: number,
  probability: number,
  options: InferenceOptions,
): SwitchbackInference | Refusal {
  let reach = 0
  let periodsUsed = 0
  let periodsCounted = 0
  const parts = blocks.map((block, index) => {
    let part = 0
    for (const [position, outcome] of block.outcomes.entries()) {
      const window = windowOf(blocks, index, carryOver - position)
      if (!window) continue
      periodsCounted++
      reach = Math.max(reach, window.spanned - 1)
      if (!window.isUniform) continue
      periodsUsed++
      const chance = block.treated ? probability : 1 - probability
      part += ((block.treated ? 1 : -1) * outcome) / chance ** window.spanned
    }
    return part
  })
  const withParts = parts.filter((part) => part !== 0).length
  if (withParts < 2)
    return refuse(`too few blocks: ${withParts} last longer than the carry-over, and at least 2 are needed`)
  const estimate = sumOf(parts) / periodsCounted
  const variance = ((1 + 2 * reach) * sumOf(parts.map((part) => part * part))) / periodsCounted ** 2
  const inference = waldInference(estimate, Math.sqrt(variance), Infinity, options)
  return isRefused(inference) ? inference : { ...inference, blocks: withParts, periodsUsed }
}

/** The blocks that `before` periods ahead of a block reach into; undefined where the sequence begins within. */
function windowOf(
  blocks: readonly Block[],
  index: number,
  before: number,
): { readonly spanned: number; readonly isUniform: boolean } | undefined {
  const { sequence, treated } = blocks[index]!
  let left = before
  let spanned = 1
  let isUniform = true
  for (let other = index - 1; left > 0; other--) {
    const block = blocks[other]
    if (block?.sequence !== sequence) return undefined
    spanned++
    isUniform &&= block.treated === treated
    left -= block.outcomes.length
  }
  return { spanned, isUniform }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
