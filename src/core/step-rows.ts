/*
 * Steps laid out for drawing: in rows, each step below all that it needs. A line that passes a row has a place of its
 * own there, so that it goes beside the steps and not behind them.
 */

export interface StepToPlace {
  readonly name: string
  readonly needs: readonly string[]
}

/** What stands at a place of a row: a step, or a line on its way to one. */
export interface StepCell {
  readonly step: string | null
  /** The places in the row before that are joined to it. */
  readonly above: readonly number[]
}

interface Draft {
  readonly step: string | null
  /** Names of steps in the row before, or of lines through it. */
  readonly parents: readonly string[]
  readonly key: string
}

/** The rows of steps that come in an order in which each needs only steps before it. */
export function rowsOfSteps(steps: readonly StepToPlace[]): StepCell[][] {
  const rowOf = new Map<string, number>()
  for (const { name, needs } of steps)
    rowOf.set(
      name,
      needs.reduce((row, need) => Math.max(row, (rowOf.get(need) ?? -1) + 1), 0),
    )
  const rows: Draft[][] = Array.from({ length: Math.max(0, ...rowOf.values()) + 1 }, () => [])
  for (const step of steps) placeStep(withoutDetours(step, steps), rowOf, rows)
  return ordered(rows)
}

/** What a step needs besides what its other needs need anyway: more lines would say no more. */
function withoutDetours(step: StepToPlace, steps: readonly StepToPlace[]): StepToPlace {
  const needsOf = new Map(steps.map(({ name, needs }) => [name, needs]))
  const reaches = (from: string, to: string): boolean =>
    (needsOf.get(from) ?? []).some((need) => need === to || reaches(need, to))
  return { ...step, needs: step.needs.filter((need) => !step.needs.some((other) => reaches(other, need))) }
}

function placeStep({ name, needs }: StepToPlace, rowOf: ReadonlyMap<string, number>, rows: Draft[][]): void {
  const own = rowOf.get(name)!
  const parents = needs.map((need) => {
    let last = need
    // One line for all that go the same way down from a step.
    for (let row = rowOf.get(need)! + 1; row < own; row++) {
      const key = `${need} ${row}`
      if (!rows[row]!.some((cell) => cell.key === key)) rows[row]!.push({ step: null, parents: [last], key })
      last = key
    }
    return last
  })
  rows[own]!.push({ step: name, parents, key: name })
}

/** Each row in the order of what its entries hang on, so that few lines cross. */
function ordered(rows: readonly (readonly Draft[])[]): StepCell[][] {
  let before: readonly Draft[] = []
  return rows.map((row) => {
    const places = new Map(before.map(({ key }, index) => [key, index]))
    const weight = ({ parents }: Draft): number =>
      parents.length === 0
        ? Number.POSITIVE_INFINITY
        : parents.reduce((sum, parent) => sum + places.get(parent)!, 0) / parents.length
    const sorted = row
      .map((cell, index) => ({ cell, index, weight: weight(cell) }))
      .sort((a, b) => (a.weight === b.weight ? a.index - b.index : a.weight - b.weight))
      .map(({ cell }) => cell)
    before = sorted
    return sorted.map(({ step, parents }) => ({ step, above: parents.map((parent) => places.get(parent)!) }))
  })
}

/** A place on a line: where it begins and how wide it is. */
export interface Placed extends StepCell {
  readonly left: number
  readonly width: number
}

/**
 * Gives every entry its place from left to right, below the middle of what it hangs on where there is room. Widths
 * and gap are in any unit; the leftmost entry is at 0.
 */
export function spreadRows(
  rows: readonly (readonly StepCell[])[],
  widthOf: (step: string | null) => number,
  gap: number,
): Placed[][] {
  const placed: Placed[][] = []
  for (const row of rows) {
    const above = placed.at(-1)
    let free = Number.NEGATIVE_INFINITY
    placed.push(
      row.map((cell) => {
        const width = widthOf(cell.step)
        const centers = cell.above.map((index) => centerOf(above![index]!))
        const wanted =
          centers.length === 0
            ? Math.max(0, free)
            : Math.round(centers.reduce((sum, center) => sum + center, 0) / centers.length) - halfOf(width)
        const left = Math.max(wanted, free)
        free = left + width + gap
        return { ...cell, left, width }
      }),
    )
  }
  const leftmost = Math.min(...placed.flat().map(({ left }) => left))
  return placed.map((row) => row.map((cell) => ({ ...cell, left: cell.left - leftmost })))
}

/** Where lines meet an entry. */
export function centerOf({ left, width }: Placed): number {
  return left + halfOf(width)
}

function halfOf(width: number): number {
  return Math.floor(width / 2)
}
