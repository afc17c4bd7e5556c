import type { JobColumnRead } from '../core/job-column-read.ts'
import type { ExperimentYaml } from './experiment-schema.ts'
import type { MeasureYaml, MetricsYaml, MetricYaml } from './metrics-schema.ts'
import type { MetricSet } from './read-metrics.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/*
 * Which columns jobs name, and where: compiling looks for them among those that are known of what is read.
 */

type Named = readonly [path: YamlPath, column: string | undefined]

function readsOf(document: YamlDocument, ref: string, named: readonly Named[]): JobColumnRead[] {
  if (ref === '') return []
  return named.flatMap(([path, column]) =>
    column === undefined ? [] : [{ ref, column, place: document.placeOf(path) }],
  )
}

/** The columns of its units or exposures that an experiment names. */
export function experimentColumns(
  document: YamlDocument,
  yaml: ExperimentYaml,
  ref: string,
): JobColumnRead[] {
  const list = (key: 'segments' | 'strata' | 'covariates', columns: readonly string[]): Named[] =>
    columns.map((column, index) => [[key, index], column])
  const common: Named[] = [
    ...list('segments', yaml.segments),
    ...list('strata', yaml.strata),
    [['cluster'], yaml.cluster],
    [['switchback', 'block'], yaml.switchback?.block],
    [['switchback', 'period'], yaml.switchback?.period],
  ]
  if ('exposures' in yaml) {
    const { unit, arm, time, experiment } = yaml.exposures
    return readsOf(document, ref, [
      [['exposures', 'unit'], unit],
      [['exposures', 'arm'], arm],
      [['exposures', 'time'], time],
      [['exposures', 'experiment', 'column'], experiment?.column],
      ...common,
    ])
  }
  const { unit, arm, time } = yaml.units
  return readsOf(document, ref, [
    [['units', 'unit'], unit],
    [['units', 'arm'], arm],
    [['units', 'time'], time],
    ...yaml.metrics.flatMap((metric, index) => inlineColumns(metric, ['metrics', index])),
    ...list('covariates', yaml.covariates),
    ...common,
  ])
}

type InlineMetric = Extract<ExperimentYaml, { readonly units: unknown }>['metrics'][number]

function inlineColumns(metric: InlineMetric, path: YamlPath): Named[] {
  const at = (...key: YamlPath): YamlPath => [...path, ...key]
  if (metric.kind === 'ratio') {
    const pairs = [
      ...(metric.covariate ? [['covariate', metric.covariate] as const] : []),
      ...metric.covariates.map((pair, index) => [['covariates', index], pair] as const),
    ]
    return [
      [at('numerator'), metric.numerator],
      [at('denominator'), metric.denominator],
      ...pairs.flatMap(([key, pair]): Named[] => {
        const below = typeof key === 'string' ? at(key) : at(...key)
        return [
          [[...below, 'numerator'], pair.numerator],
          [[...below, 'denominator'], pair.denominator],
        ]
      }),
    ]
  }
  if (metric.kind === 'quantile') return [[at('column'), metric.column]]
  return [
    [at('column'), metric.column],
    [at('covariate'), metric.covariate],
    ...metric.covariates.map((column, index): Named => [at('covariates', index), column]),
  ]
}

/** The columns of their sources that metrics name. */
export function metricColumns(
  document: YamlDocument,
  yaml: MetricsYaml,
  { spec }: MetricSet,
): JobColumnRead[] {
  const usual = spec.metrics.find((_, index) => !yaml.metrics[index]!.from)
  const sourceNames = (path: YamlPath, source: MetricsYaml['from']): Named[] => [
    [[...path, 'unit'], source?.unit],
    [[...path, 'day'], source?.day],
    [[...path, 'time'], source?.time],
  ]
  return [
    ...readsOf(document, usual?.from.ref ?? '', sourceNames(['from'], yaml.from)),
    ...yaml.metrics.flatMap((metric, index) => {
      const path = ['metrics', index]
      return readsOf(document, spec.metrics[index]!.from.ref, [
        ...sourceNames([...path, 'from'], metric.from),
        ...measuresOf(metric, path).flatMap(([at, measure]): Named[] => [
          [[...at, 'column'], measure.column],
          [[...at, 'where', 'column'], measure.where?.column],
        ]),
      ])
    }),
  ]
}

function measuresOf(metric: MetricYaml, path: YamlPath): (readonly [YamlPath, MeasureYaml])[] {
  switch (metric.kind) {
    case 'ratio':
      return [
        [[...path, 'numerator'], metric.numerator],
        [[...path, 'denominator'], metric.denominator],
      ]
    case 'funnel':
      return metric.steps.map((step, index) => [[...path, 'steps', index], step])
    default:
      return [[path, metric]]
  }
}
