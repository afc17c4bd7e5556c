import type { TopLevelSpec } from 'vega-lite'

/*
 * The two charts that estimates need: intervals beside each other, and a line with its interval over time.
 */

export interface ShownInterval {
  readonly label: string
  readonly estimate: number
  readonly lower: number
  readonly upper: number
  /** Colours the mark; the same word, the same colour. */
  readonly group: string
}

export interface ShownPoint {
  /** An ISO date, or a count of days. */
  readonly at: string | number
  readonly estimate: number
  readonly lower: number
  readonly upper: number
  readonly group: string
}

const schema = 'https://vega.github.io/schema/vega-lite/v6.json'
// Told apart also by those who see few colours (Tol 2021, "bright").
const colours = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377', '#bbbbbb']

function groupColour(groups: readonly string[]) {
  const domain = [...new Set(groups)]
  return {
    field: 'group',
    type: 'nominal',
    title: null,
    scale: { domain, range: domain.map((_, index) => colours[index % colours.length]!) },
    legend: domain.length > 1 ? {} : null,
  } as const
}

function valueAxis(scale: string): { readonly format: string } {
  return { format: scale === 'relative' ? '+.1%' : '+.3~g' }
}

/** Intervals as bars with the estimate as a point, one above the other, and a line at no effect. */
export function intervalChart(rows: readonly ShownInterval[], title: string, scale: string): TopLevelSpec {
  const color = groupColour(rows.map(({ group }) => group))
  const y = { field: 'label', type: 'nominal', sort: null, title: null, axis: { labelLimit: 320 } } as const
  return {
    $schema: schema,
    width: 420,
    data: { values: finite(rows) },
    layer: [
      { mark: { type: 'rule', strokeDash: [3, 3], color: '#888' }, encoding: { x: { datum: 0 } } },
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: {
          y,
          x: { field: 'lower', type: 'quantitative', title, axis: valueAxis(scale) },
          x2: { field: 'upper' },
          color,
        },
      },
      {
        mark: { type: 'point', filled: true, size: 50, opacity: 1 },
        encoding: { y, x: { field: 'estimate', type: 'quantitative' }, color },
      },
    ],
  }
}

/** A line with its interval as a band, and a line at no effect. */
export function bandChart(rows: readonly ShownPoint[], title: string, scale: string): TopLevelSpec {
  const color = groupColour(rows.map(({ group }) => group))
  const isDate = typeof rows[0]?.at === 'string'
  const x = isDate
    ? ({ field: 'at', type: 'temporal', scale: { type: 'utc' }, title: null } as const)
    : ({ field: 'at', type: 'quantitative', title: 'days since exposure' } as const)
  return {
    $schema: schema,
    width: 560,
    height: 220,
    data: { values: finite(rows) },
    layer: [
      { mark: { type: 'rule', strokeDash: [3, 3], color: '#888' }, encoding: { y: { datum: 0 } } },
      {
        mark: { type: 'area', opacity: 0.2, clip: true },
        encoding: {
          x,
          y: { field: 'lower', type: 'quantitative', title, axis: valueAxis(scale) },
          y2: { field: 'upper' },
          color,
        },
      },
      {
        mark: { type: 'line', clip: true },
        encoding: { x, y: { field: 'estimate', type: 'quantitative' }, color },
      },
    ],
  }
}

/** One-sided intervals have an end at infinity, which no axis has. */
function finite<Row extends { readonly estimate: number; readonly lower: number; readonly upper: number }>(
  rows: readonly Row[],
): Row[] {
  return rows.filter((row) => [row.estimate, row.lower, row.upper].every(Number.isFinite))
}
