import { closestNames } from '../../core/did-you-mean.ts'
import type { Measure, MetricDefinition, MetricsSpec } from '../../core/metrics-spec.ts'
import type { Place } from '../../core/problem.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { ColumnTypes } from './source-sql.ts'

/*
 * Whether the relations that metrics read have the columns that they name, of types that can be added and compared.
 */

interface NeededColumn {
  readonly ref: string
  readonly column: string
  readonly as: 'any' | 'number' | 'day' | 'time' | 'flag'
}

const accepted: Readonly<Record<NeededColumn['as'], { readonly types: RegExp; readonly words: string }>> = {
  any: { types: /./, words: 'anything' },
  number: {
    types: /^(smallint|integer|bigint|numeric|real|double precision|boolean)/,
    words: 'numbers or true/false',
  },
  day: { types: /^(date|timestamp)/, words: 'a date' },
  time: { types: /^timestamp/, words: 'a timestamp' },
  flag: { types: /^boolean$/, words: 'true/false' },
}

/** What is missing or of another type; `typesOf` gives the columns of a relation by the name it is referred to. */
export function checkColumns(
  spec: MetricsSpec,
  typesOf: (ref: string) => ColumnTypes,
  place: Place | undefined,
): Problem[] {
  const details = place ? { place } : {}
  const seen = new Set<string>()
  return neededColumns(spec).flatMap(({ ref, column, as }): Problem[] => {
    const key = JSON.stringify([ref, column, as])
    if (seen.has(key)) return []
    seen.add(key)
    const types = typesOf(ref)
    const type = types.get(column)
    if (type === undefined) {
      const near = closestNames(column, types.keys())[0]
      const hint = near ? `did you mean '${near}'?` : `it has: ${[...types.keys()].join(', ')}`
      return [makeProblem('job-failed', `'${ref}' has no column '${column}'`, { ...details, hint })]
    }
    if (accepted[as].types.test(type)) return []
    const message = `column '${column}' of '${ref}' is ${type}, and ${accepted[as].words} is needed`
    return [makeProblem('job-failed', message, details)]
  })
}

function neededColumns({ metrics, experiments }: MetricsSpec): NeededColumn[] {
  return [
    ...metrics.flatMap((metric): NeededColumn[] => {
      const { ref, unit, day, time } = metric.from
      return [
        { ref, column: unit, as: 'any' },
        ...(day === undefined ? [] : [{ ref, column: day, as: 'day' as const }]),
        ...(time === undefined ? [] : [{ ref, column: time, as: 'time' as const }]),
        ...measuresOf(metric).flatMap(({ column, where }): NeededColumn[] => [
          ...(column === undefined ? [] : [{ ref, column, as: 'number' as const }]),
          ...(where
            ? [{ ref, column: where.column, as: where.values ? ('any' as const) : ('flag' as const) }]
            : []),
        ]),
      ]
    }),
    ...experiments.flatMap(({ data, segments, strata, cluster }): NeededColumn[] => [
      { ref: data.ref, column: data.time, as: 'day' },
      ...[
        data.unit,
        data.arm,
        ...(data.experiment ? [data.experiment.column] : []),
        ...segments,
        ...strata,
        ...(cluster === undefined ? [] : [cluster]),
      ].map((column) => ({ ref: data.ref, column, as: 'any' as const })),
    ]),
  ]
}

function measuresOf(metric: MetricDefinition): readonly Measure[] {
  switch (metric.kind) {
    case 'ratio':
      return [metric.numerator, metric.denominator]
    case 'funnel':
      return metric.steps
    default:
      return [metric.value]
  }
}
