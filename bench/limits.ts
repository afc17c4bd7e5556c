/*
 * What a benchmark is measured against: each figure is printed with its limit and whether it holds, and the process
 * fails where one does not.
 */

export interface Limit {
  readonly label: string
  readonly value: number
  /** At most that much. */
  readonly limit: number
  /** The value, or what it is made of, for people. */
  readonly shown: string
}

const labelWidth = 44

/** Prints a figure. */
export function printFigure(label: string, shown: string): void {
  console.log(`${label.padEnd(labelWidth)} ${shown}`)
}

/** Prints a figure that has a limit, and lets the process fail when it is past it. */
export function holdToLimit({ label, value, limit, shown }: Limit): void {
  const holds = value <= limit
  printFigure(label, `${shown} (limit ${limit}): ${holds ? 'holds' : 'MISSED'}`)
  if (!holds) process.exitCode = 1
}

/** The one in the middle, the upper of two. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
