import type { TopLevelSpec } from 'vega-lite'
import type { BalanceRow, OverlapRow } from '../../../core/causal-tables.ts'

/*
 * Charts that only causal questions have: balance of covariates, and units by propensity.
 */

const schema = 'https://vega.github.io/schema/vega-lite/v6.json'
// As in the other charts (Tol 2021, "bright").
const colours = ['#bbbbbb', '#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377']

/** Love plot: how far treated and others differ in each covariate, before adjustment and under each method. */
export function lovePlot(rows: readonly BalanceRow[]): TopLevelSpec {
  const values = rows.flatMap(({ method, covariate, standardizedDifference, adjusted }) =>
    standardizedDifference === null
      ? []
      : [
          {
            method: method.replaceAll('_', ' '),
            covariate: adjusted ? covariate : `${covariate} (not adjusted for)`,
            difference: Math.abs(standardizedDifference),
          },
        ],
  )
  const domain = [...new Set(values.map(({ method }) => method))]
  return {
    $schema: schema,
    width: 420,
    data: { values },
    layer: [
      { mark: { type: 'rule', strokeDash: [3, 3], color: '#888' }, encoding: { x: { datum: 0.1 } } },
      {
        mark: { type: 'point', filled: true, size: 60, opacity: 0.9 },
        encoding: {
          y: {
            field: 'covariate',
            type: 'nominal',
            sort: null,
            title: null,
            axis: { labelLimit: 320, grid: true },
          },
          x: {
            field: 'difference',
            type: 'quantitative',
            title: 'difference of the means in standard deviations',
            axis: { format: '~g' },
          },
          color: {
            field: 'method',
            type: 'nominal',
            title: null,
            scale: { domain, range: domain.map((_, index) => colours[index % colours.length]!) },
          },
        },
      },
    ],
  }
}

/** Treated above the line, the others below, by how likely each was to be treated. */
export function overlapChart(rows: readonly OverlapRow[]): TopLevelSpec {
  const values = rows.flatMap(({ kind, groupName, lower, upper, units }) =>
    kind === 'histogram' && lower !== null && upper !== null && units !== null
      ? [{ group: groupName, lower, upper, units: groupName === 'treated' ? units : -units }]
      : [],
  )
  return {
    $schema: schema,
    width: 420,
    height: 200,
    data: { values },
    mark: { type: 'bar' },
    encoding: {
      x: {
        field: 'lower',
        type: 'quantitative',
        bin: { binned: true, step: 0.05 },
        title: 'propensity',
        scale: { domain: [0, 1] },
      },
      x2: { field: 'upper' },
      y: {
        field: 'units',
        type: 'quantitative',
        title: 'units',
        axis: { format: 's', labelExpr: "replace(datum.label, /^[−-]/, '')" },
      },
      color: {
        field: 'group',
        type: 'nominal',
        title: null,
        scale: { domain: ['treated', 'control'], range: ['#4477aa', '#ccbb44'] },
      },
    },
  }
}
