import type { Inference, InferenceOptions } from '../inference.ts'
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
  /** Periods for which a treatment may still be felt, m: the first m of each block are dropped as burn-in. */
  readonly carryOver: number
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
 * Inputs: all periods, those of a sequence in their order. The means of what is left of each block are compared by Welch's
 * test: blocks were given their treatment by one draw and are the units. Refuses periods of a block that differ in treatment, fewer
 * than two blocks of a kind and a negative carry-over. Source: the burn-in as in Bojinov, Simchi-Levi, Zhao (2023), Management
 * Science 69 (arXiv 2009.00148); Welch (1947).
 */
export function switchbackEffect(
  periods: readonly SwitchbackPeriod[],
  options: SwitchbackOptions,
): SwitchbackInference | Refusal {
  const { carryOver, ...rest } = options
  if (!(Number.isInteger(carryOver) && carryOver >= 0))
    return refuse('the carry-over must be a whole number of at least 0')
  if (!periods.every(({ outcome }) => Number.isFinite(outcome)))
    return refuse('the outcomes are not all finite numbers')
  const blocks = blocksOf(periods)
  if (isRefused(blocks)) return blocks
  return compareBlocks(blocks, carryOver, rest)
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

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
