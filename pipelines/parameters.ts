/*
 * What the worlds share about their parameters: a value that makes no world is refused by name, before any row is made,
 * and a number of units becomes a plan.
 */

export const microsPerSecond = 1e6
export const microsPerDay = 86_400e6

/** The least and the greatest value that a parameter may have. */
type Range = readonly [least: number, most: number]

/** What a seed may be. */
export const seedRange: Range = [0, Number.MAX_SAFE_INTEGER]

/** Refuses parameters that are no whole numbers in their ranges, ends included. */
export function requireWholes<Name extends string>(
  params: Readonly<Record<NoInfer<Name>, number>>,
  ranges: Readonly<Record<Name, Range>>,
): void {
  for (const [name, [least, most]] of Object.entries<Range>(ranges))
    requireWhole(name, params[name as Name], least, most)
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`${name} must be a whole number from ${least} to ${most}, and is ${value}`)
}

/** Refuses a parameter outside of the range, ends included. */
export function requireBetween(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw new Error(`${name} must be from ${least} to ${most}, and is ${value}`)
}

/** The first instant of a day in UTC, as microseconds since 1970; refuses what is no date. */
export function dayMicros(name: string, date: string): number {
  const millis = Date.parse(`${date}T00:00:00Z`)
  // A day that a month does not have would be taken for one of the next month.
  if (Number.isNaN(millis) || new Date(millis).toISOString().slice(0, 10) !== date)
    throw new Error(`${name} must be a date like 2026-02-01, and is ${date}`)
  return millis * 1000
}

/** A plan of consecutive pieces of at most `size` units, which are numbered from 1. */
export function planUnits(units: number, size: number): { readonly first: number; readonly count: number }[] {
  return Array.from({ length: Math.ceil(units / size) }, (_, index) => ({
    first: index * size + 1,
    count: Math.min(size, units - index * size),
  }))
}
