import type { JobSpec } from '../../core/job-spec.ts'
import type { ColumnInfluence, ColumnInput, InputKind, OutputColumn, SqlLineage } from './column-lineage.ts'

/** Columns of estimates that are gathered from the measured columns of the units. */
const measured = new Set(
  [
    'estimate std_error ci_lower ci_upper p_value p_value_adjusted diagnostics status reason',
    'verdict statistic observed message decision launch evaluated power units_needed days_needed',
    'weight probability_best document',
  ].flatMap((names) => names.split(' ')),
)

/** What the columns of a job's estimates are made from; unknown for kinds that do not say what they read. */
export function jobColumns(
  spec: JobSpec,
  names: readonly string[],
  relationOf: (ref: string) => string,
): SqlLineage {
  const unused = { unused: [], unresolved: [] }
  if (spec.kind !== 'experiment') {
    const columns = names.map((name) => ({ name, inputs: [], influences: [], isUnknown: true }))
    return { columns, isComplete: true, influences: [], ...unused }
  }
  const { units, metrics, segments } = spec
  const relation = relationOf(units.ref)
  const made = (columns: readonly string[], kind: InputKind): ColumnInput[] =>
    [...new Set(columns)].sort().map((column) => ({ relation, column, kind }))
  const outcomes = metrics.flatMap(({ column, covariate }) =>
    covariate === undefined ? [column] : [column, covariate],
  )
  const inputsOf = (name: string): ColumnInput[] => {
    if (measured.has(name)) return made(outcomes, 'aggregation')
    if (name === 'n' || name === 'n_treated') return made([units.unit], 'aggregation')
    return name === 'segment_value' ? made(segments, 'transformation') : []
  }
  const columns = names.map(
    (name): OutputColumn => ({
      name,
      inputs: inputsOf(name),
      influences: [],
      isUnknown: false,
    }),
  )
  const groups = [...new Set([units.arm, units.unit, ...segments])].sort()
  const influences = groups.map((column): ColumnInfluence => ({ relation, column, role: 'group' }))
  return { columns, isComplete: true, influences, ...unused }
}
