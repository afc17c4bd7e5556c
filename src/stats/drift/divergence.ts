import { type Refusal, refuse } from '../refusal.ts'

/*
 * How far two samples lie apart that are counted in the same cells: bins of a number, or categories.
 */

/** Rows of two samples in the same cells, in the same order. */
export interface CellCounts {
  readonly reference: readonly number[]
  readonly current: readonly number[]
}

/** What an empty cell counts as, where the other sample has rows in it: a logarithm needs more than nothing. */
const emptyCell = 0.5

/**
 * The population stability index Σ (cᵢ − rᵢ)·ln(cᵢ/rᵢ) over the shares of the cells: Jeffreys' divergence. Below 0.1
 * samples are usually said to be alike, above 0.25 different.
 *
 * Inputs: counts. A cell that is empty in both samples is left out; one that is empty in one of them counts there as half
 * a row, so that a new or vanished category is a large shift and no infinite one. Where no cell is empty nothing is added.
 * Refuses a sample without rows. Source: Jeffreys (1946), eq. 1; as an index of stability Siddiqi (2006), ch. 10; its
 * distribution Yurdakul (2018), eq. 2.
 */
export function populationStabilityIndex(counts: CellCounts): number | Refusal {
  const shares = sharesOf(counts)
  if ('refused' in shares) return shares
  const [nReference, nCurrent] = [sum(counts.reference), sum(counts.current)]
  return shares.reference.reduce((total, plain, index) => {
    if (plain === 0 && shares.current[index] === 0) return total
    const reference = plain || emptyCell / nReference
    const current = shares.current[index]! || emptyCell / nCurrent
    return total + (current - reference) * Math.log(current / reference)
  }, 0)
}

/**
 * The Jensen–Shannon distance: the root of the divergence to the base 2, from 0 (alike) to 1 (nothing in common). Empty
 * cells need no care. Refuses a sample without rows. Source: Lin (1991), eq. 3.1; a metric by Endres and Schindelin (2003).
 */
export function jensenShannonDistance(counts: CellCounts): number | Refusal {
  const shares = sharesOf(counts)
  if ('refused' in shares) return shares
  const part = (share: number, middle: number): number =>
    share === 0 ? 0 : share * Math.log2(share / middle)
  const divergence = shares.reference.reduce((total, reference, index) => {
    const current = shares.current[index]!
    const middle = (reference + current) / 2
    return total + (part(reference, middle) + part(current, middle)) / 2
  }, 0)
  // Rounding may leave a negative trace of nothing.
  return Math.sqrt(Math.max(0, divergence))
}

function sharesOf({ reference, current }: CellCounts): CellCounts | Refusal {
  const [nReference, nCurrent] = [sum(reference), sum(current)]
  if (!(nReference > 0)) return refuse('the reference has no rows')
  if (!(nCurrent > 0)) return refuse('the window has no rows')
  return {
    reference: reference.map((count) => count / nReference),
    current: current.map((count) => count / nCurrent),
  }
}

/** The sum of some numbers. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
