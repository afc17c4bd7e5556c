import type { ColumnCells } from './data/fetch-cells.ts'

/*
 * How the fine cells that are counted make the bins that are shown and compared.
 */

export interface Bin {
  readonly label: string
  readonly lower: number | null
  readonly upper: number | null
}

export interface CellLayout {
  /** How many cells are counted. */
  readonly cells: number
  readonly bins: readonly Bin[]
  /** The bin of each cell. */
  readonly binOf: readonly number[]
}

/** What stands for categories that are none of the most frequent. */
export const otherCategories = 'other'

/** The bins of a column: of numbers between the edges, of categories one each. */
export function cellLayout(cells: ColumnCells): CellLayout {
  if (cells.kind !== 'numeric') {
    const others = cells.kind === 'boolean' ? [] : [otherCategories]
    const bins = [...cells.categories, ...others].map((label) => ({ label, lower: null, upper: null }))
    // A boolean has no others, but the count would go there.
    return { cells: cells.categories.length + 1, bins, binOf: [...cells.categories.keys(), bins.length - 1] }
  }
  const { cuts, edges } = cells
  const bounds = edges.map((place) => cuts[place]!)
  const bins = Array.from({ length: bounds.length + 1 }, (_, index): Bin => {
    const [lower, upper] = [bounds[index - 1] ?? null, bounds[index] ?? null]
    return { label: rangeWords(lower, upper), lower, upper }
  })
  const binOf = Array.from(
    { length: cuts.length + 1 },
    (_, cell) => edges.filter((place) => place < cell).length,
  )
  return { cells: cuts.length + 1, bins, binOf }
}

function rangeWords(lower: number | null, upper: number | null): string {
  const shown = (value: number): string => String(Number(value.toPrecision(4)))
  if (lower === null && upper === null) return 'all'
  if (lower === null) return `below ${shown(upper!)}`
  if (upper === null) return `${shown(lower)} and more`
  return `${shown(lower)} to below ${shown(upper)}`
}

/** Counts of cells as counts of bins. */
export function inBins({ bins, binOf }: CellLayout, counts: readonly number[]): number[] {
  const binned = bins.map(() => 0)
  for (const [cell, count] of counts.entries()) binned[binOf[cell]!]! += count
  return binned
}
