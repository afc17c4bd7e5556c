import type { ExperimentOutcome, ExperimentSpec } from '../../core/experiment-spec.ts'
import type { JobSpec } from '../../core/job-spec.ts'
import type { ColumnInfluence, ColumnInput, InputKind, OutputColumn, SqlLineage } from './column-lineage.ts'

/** Columns of an experiment's tables that are gathered from what is measured of the units. */
const measured = new Set(
  [
    'estimate std_error ci_lower ci_upper p_value p_value_adjusted diagnostics status reason',
    'verdict statistic observed message decision launch evaluated power units_needed days_needed',
    'weight probability_best document',
  ].flatMap((names) => names.split(' ')),
)

/** What the columns of a job's table are made from, as far as its spec says. */
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
  const { data, segments, strata, cluster } = spec
  const relation = relationOf(data.ref)
  const made = (columns: readonly string[], kind: InputKind): ColumnInput[] =>
    [...new Set(columns)].sort().map((column) => ({ relation, column, kind }))
  const outcomes = outcomeColumns(spec)
  const inputsOf = (name: string): ColumnInput[] => {
    if (measured.has(name)) return made(outcomes, 'aggregation')
    if (name === 'n' || name === 'n_treated') return made([data.unit], 'aggregation')
    return name === 'segment_value' ? made(segments, 'transformation') : []
  }
  const columns = names.map(
    (name): OutputColumn => ({
      name,
      inputs: inputsOf(name),
      influences: [],
      // Metrics are measured by a job of their own, and which of its rows count is no matter of columns.
      isUnknown: data.kind === 'exposures' && measured.has(name),
    }),
  )
  const groups = [
    ...new Set([data.arm, data.unit, ...segments, ...strata, ...(cluster === undefined ? [] : [cluster])]),
  ].sort()
  const influences = groups.map((column): ColumnInfluence => ({ relation, column, role: 'group' }))
  return { columns, isComplete: true, influences, ...unused }
}

/** The columns of the units' relation that outcomes and their covariates are. */
function outcomeColumns({ data, outcomes }: ExperimentSpec): string[] {
  return data.kind === 'units'
    ? outcomes.flatMap((outcome) => [...columnsOf(outcome), ...outcome.covariates])
    : []
}

function columnsOf({ source }: ExperimentOutcome): readonly string[] {
  if (source.from === 'metrics') return []
  return source.kind === 'ratio' ? [source.numerator, source.denominator] : [source.column]
}
