import type { SequentialPlan } from '../../core/experiment-spec.ts'
import {
  isRefused,
  obrienFlemingSpending,
  pocockSpending,
  type Refusal,
  type SpendingFunction,
  spendingBoundaries,
} from '../../stats/index.ts'

/*
 * The plan of looking at an experiment while it runs, and how far it has come. The looks of a group-sequential test
 * are those that were planned: each is at the first day on which its share of the planned units is in.
 */

/** A look that has been reached. */
export interface SequentialLook {
  readonly day: string | null
  /** Units so far as a share of those planned; at most 1. */
  readonly information: number
}

export interface SequentialDesign {
  readonly plan: SequentialPlan | undefined
  /** The last day, and the units of all arms on it. */
  readonly day: string | null
  readonly units: number
  /** Of a group-sequential plan. */
  readonly looks: readonly SequentialLook[]
  /** |Z| that stops the test at this look (counted from 0) with this two-sided error. */
  readonly boundary: (look: number, alpha: number) => number | Refusal
  /** The smallest two-sided error at which this look would have stopped the test. */
  readonly repeatedPValue: (look: number, z: number) => number
}

/** Makes the design from the plan and the units at the end of each day. */
export function makeSequentialDesign(
  plan: SequentialPlan | undefined,
  days: readonly { readonly day: string | null; readonly units: number }[],
  ciLevel: number,
): SequentialDesign {
  const looks = plan?.kind === 'group_sequential' ? looksReached(plan, days) : []
  const information = looks.map((look) => look.information)
  const spending = plan?.kind === 'group_sequential' ? spendings[plan.spending] : obrienFlemingSpending
  // Every outcome and segment asks for the same few levels.
  const known = new Map<number, readonly number[] | Refusal>()
  const boundaries = (alpha: number): readonly number[] | Refusal => {
    let found = known.get(alpha)
    if (!found) {
      const result = spendingBoundaries(information, alpha / 2, spending)
      found = isRefused(result) ? result : result.z
      known.set(alpha, found)
    }
    return found
  }
  const boundary = (look: number, alpha: number): number | Refusal => {
    const all = boundaries(alpha)
    return isRefused(all) ? all : all[look]!
  }
  return {
    plan,
    day: days.at(-1)?.day ?? null,
    units: days.at(-1)?.units ?? 0,
    looks,
    boundary,
    repeatedPValue: (look, z) =>
      repeatedPValue(Math.abs(z), levels(1 - ciLevel), (alpha) => boundary(look, alpha)),
  }
}

const spendings: Record<'obrien_fleming' | 'pocock', SpendingFunction> = {
  obrien_fleming: obrienFlemingSpending,
  pocock: pocockSpending,
}

function looksReached(
  { looks, plannedUnits }: Extract<SequentialPlan, { kind: 'group_sequential' }>,
  days: readonly { readonly day: string | null; readonly units: number }[],
): SequentialLook[] {
  const reached: SequentialLook[] = []
  for (const share of looks) {
    const day = days.find(({ units }) => units >= share * plannedUnits)
    if (!day) break
    // Where only one state is known, earlier looks are taken to have been when they were planned.
    const isLast =
      days.length > 1 || !looks.some((other) => other > share && day.units >= other * plannedUnits)
    const information = isLast ? Math.min(1, day.units / plannedUnits) : share
    const before = reached.at(-1)
    // Two looks that fell on one day are one.
    if (before && before.day === day.day && days.length > 1) reached.pop()
    if ((reached.at(-1)?.information ?? 0) < information) reached.push({ day: day.day, information })
  }
  return reached
}

/** Errors at which boundaries are computed, largest first; the one that is asked for stands among them. */
function levels(alpha: number): number[] {
  const grid = Array.from({ length: 37 }, (_, step) => 0.95 * 10 ** (-step / 4))
  return [...grid, alpha].sort((a, b) => b - a)
}

/** By interpolation between the levels: straight in log α over z², as the tail of the normal nearly is. */
function repeatedPValue(
  z: number,
  alphas: readonly number[],
  boundary: (alpha: number) => number | Refusal,
): number {
  let before: { alpha: number; square: number } | undefined
  for (const alpha of alphas) {
    const bound = boundary(alpha)
    if (typeof bound !== 'number') return Number.NaN
    const square = bound * bound
    if (bound > z) {
      if (!before) return 1
      if (square === Number.POSITIVE_INFINITY) return before.alpha
      const share = (z * z - before.square) / (square - before.square)
      return Math.exp(Math.log(before.alpha) + share * Math.log(alpha / before.alpha))
    }
    before = { alpha, square }
  }
  return alphas.at(-1)!
}
