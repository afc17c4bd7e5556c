import type { Measure, MetricDefinition, MetricSource, MetricsSpec } from '../core/metrics-spec.ts'
import type { Problem } from '../core/problem.ts'
import {
  checkInstant,
  type JobRef,
  type Refuse,
  readCap,
  readMargin,
  readRef,
  refuseIn,
} from './job-parts.ts'
import type { MeasureYaml, MetricsYaml, MetricYaml, SourceYaml } from './metrics-schema.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/** A set of metrics before it is known which experiments use it. */
export interface MetricSet {
  readonly spec: Omit<MetricsSpec, 'experiments'>
  readonly refs: readonly JobRef[]
  /** Metrics that say which direction is good; for the others higher is taken to be. */
  readonly directed: ReadonlySet<string>
}

/** The metrics that the YAML declares, their parts checked against each other. */
export function readMetrics(document: YamlDocument, yaml: MetricsYaml, problems: Problem[]): MetricSet {
  const refuse = refuseIn(document, problems)
  checkInstant(['as_of'], yaml.as_of, refuse)
  const names = yaml.metrics.map(({ name }) => name)
  for (const [index, name] of names.entries())
    if (names.indexOf(name) < index) refuse(['metrics', index, 'name'], `metric '${name}' is declared twice`)
  const refs: JobRef[] = []
  const sourceOf = (path: YamlPath, source: SourceYaml): MetricSource => {
    const read = readRef(document, [...path, 'model'], source.model, refuse)
    refs.push(...read.refs)
    return readSource(path, source, read.ref, refuse)
  }
  const usual = yaml.from && sourceOf(['from'], yaml.from)
  const metrics = yaml.metrics.map((metric, index) => {
    const path = ['metrics', index]
    const from = metric.from ? sourceOf([...path, 'from'], metric.from) : usual
    if (!from)
      refuse(
        path,
        `metric '${metric.name}' does not say where it comes from`,
        'write from: { model: …, unit: …, day: … } here, or above metrics for all of them',
      )
    checkMetric(path, metric, refuse)
    return metricOf(path, metric, from ?? { ref: '', unit: '' }, refuse)
  })
  return {
    spec: {
      kind: 'metrics',
      question: yaml.question,
      metrics,
      lateDays: yaml.late_days,
      asOf: yaml.as_of,
    },
    refs,
    directed: new Set(yaml.metrics.filter(({ better }) => better !== undefined).map(({ name }) => name)),
  }
}

function readSource(
  path: YamlPath,
  { unit, day, time }: SourceYaml,
  ref: string,
  refuse: Refuse,
): MetricSource {
  if ((day === undefined) === (time === undefined))
    refuse(
      path,
      day === undefined ? "'from' has neither day nor time" : "'from' has both day and time",
      'day: the column of a date, one row per unit and day; time: the column of an instant, one row per event',
    )
  return { ref, unit, ...(day !== undefined && { day }), ...(time !== undefined && { time }) }
}

function measureOf({ column, where }: MeasureYaml): Measure {
  return {
    ...(column !== undefined && { column }),
    ...(where && { where: { column: where.column, ...(where.values && { values: where.values }) } }),
  }
}

function metricOf(path: YamlPath, metric: MetricYaml, from: MetricSource, refuse: Refuse): MetricDefinition {
  const cap = readCap([...path, 'cap'], metric.cap, refuse)
  const margin = readMargin([...path, 'margin'], metric.margin, refuse)
  const base = {
    name: metric.name,
    description: metric.description,
    ...(metric.about && { about: metric.about }),
    better: metric.better ?? ('higher' as const),
    from,
    window: {
      delayDays: metric.window?.delay ?? 0,
      ...(metric.window?.days !== undefined && { days: metric.window.days }),
    },
    matureOnly: metric.mature_only,
    prePeriodDays: metric.pre_period,
    ...(cap && { cap }),
    ...(margin && { margin }),
  }
  switch (metric.kind) {
    case 'mean':
    case 'count':
    case 'proportion':
      return { ...base, kind: metric.kind, value: measureOf(metric) }
    case 'ratio':
      return {
        ...base,
        kind: 'ratio',
        numerator: measureOf(metric.numerator),
        denominator: measureOf(metric.denominator),
      }
    case 'quantile':
      return {
        ...base,
        kind: 'quantile',
        value: measureOf(metric),
        quantile: metric.quantile,
        level: metric.level,
      }
    case 'retention':
      return {
        ...base,
        kind: 'retention',
        value: measureOf(metric),
        fromDay: metric.from_day,
        toDay: metric.to_day,
      }
    case 'funnel':
      return { ...base, kind: 'funnel', steps: metric.steps.map(stepOf) }
  }
}

function stepOf(step: MeasureYaml & { readonly name?: string }, index: number): Measure & { name: string } {
  const value = step.where?.values?.length === 1 ? String(step.where.values[0]) : undefined
  return {
    name: step.name ?? step.column ?? value ?? step.where?.column ?? `step_${index + 1}`,
    ...measureOf(step),
  }
}

/** What the keys of one metric must not say together. */
function checkMetric(path: YamlPath, metric: MetricYaml, refuse: Refuse): void {
  const { kind, name } = metric
  if ((kind === 'mean' || (kind === 'quantile' && metric.level === 'unit')) && metric.column === undefined)
    refuse(path, `metric '${name}' needs a column`, 'to count rows, write kind: count')
  if (kind === 'quantile' && metric.level === 'event' && metric.column === undefined)
    refuse(path, `metric '${name}' needs a column`)
  if (metric.cap && !['mean', 'count', 'ratio'].includes(kind))
    refuse([...path, 'cap'], `a ${kind} has no value to cap`, 'cap is for mean, count and ratio')
  if (metric.pre_period > 0 && (kind === 'funnel' || kind === 'quantile'))
    refuse([...path, 'pre_period'], `a ${kind} has no covariate`, 'pre_period is for the other kinds')
  if (kind === 'retention') {
    if (metric.from_day > metric.to_day)
      refuse([...path, 'to_day'], `'to_day' ${metric.to_day} is before 'from_day' ${metric.from_day}`)
    if (metric.window)
      refuse([...path, 'window'], 'the window of a retention is from_day to to_day', 'leave window out')
  }
  if (metric.mature_only && kind !== 'retention' && metric.window?.days === undefined)
    refuse(
      [...path, 'mature_only'],
      "'mature_only' needs a window that closes",
      'add window: { days: 14 }: the days after the exposure in which rows count',
    )
  if (kind === 'funnel')
    for (const [index, step] of metric.steps.entries())
      if (step.column === undefined && step.where === undefined)
        refuse([...path, 'steps', index], 'a step needs a column or a where')
}
