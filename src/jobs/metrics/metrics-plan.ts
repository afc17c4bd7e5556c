import type {
  Measure,
  MetricCap,
  MetricDefinition,
  MetricSource,
  MetricsExperiment,
  MetricsSpec,
} from '../../core/metrics-spec.ts'
import { dayOf, dayUntil } from './day-number.ts'

/*
 * What a set of metrics has to read and to keep, as plain data. The words of this folder:
 *
 *   measure    a sum over a unit's rows of one source
 *   span       the days or instants after the exposure in which rows count
 *   variable   a number of each unit: a measure's total within a span, or whether there was any
 *   covariate  the same before the exposure
 *   group      experiment, arm, stratum and segments: units of one group are never told apart
 *   settled    days whose rows are taken not to change any more
 */

export interface PlannedMeasure {
  readonly source: number
  readonly measure: Measure
  /** `hits` counts the rows whose value is above zero, `unusable` those whose value is no finite number. */
  readonly as: 'sum' | 'hits' | 'unusable'
}

export interface Span {
  readonly grain: 'day' | 'time'
  readonly fromDay: number
  /** Null: to the end of the experiment. */
  readonly days: number | null
  /** Whether it begins on the next day where an experiment leaves out the day of the exposure. */
  readonly skipsExposureDay: boolean
}

export interface PlannedCovariate {
  readonly name: 'x1' | 'xd1'
  readonly column: string
  readonly days: number
}

export interface PlannedVariable {
  readonly name: 'y' | 'd'
  readonly column: string
  /** Where the settled total is kept. */
  readonly settledColumn: string
  /** Whether the column itself holds the settled total, so that it is not kept twice. */
  readonly showsSettled: boolean
  readonly span: number
  /** Of a funnel there is none. */
  readonly measure: number | null
  /** The measure that counts rows with values that are no finite numbers, where there are such. */
  readonly unusable: number | null
  readonly isFlag: boolean
  readonly cap: MetricCap | null
  readonly covariate: PlannedCovariate | null
}

export interface PlannedMetric {
  readonly name: string
  readonly definition: MetricDefinition
  readonly variables: readonly PlannedVariable[]
  /** Columns of the instants (or days) at which a funnel's steps were reached. */
  readonly stepColumns: readonly string[]
  /** Whether moments are kept, not only units' totals. */
  readonly hasMoments: boolean
}

export interface MetricsPlan {
  readonly sources: readonly MetricSource[]
  readonly measures: readonly PlannedMeasure[]
  readonly spans: readonly Span[]
  readonly metrics: readonly PlannedMetric[]
  readonly experiments: readonly PlannedExperiment[]
  readonly asOf: string
  /** Last day of which anything is known. */
  readonly until: number
  /** Last day that is settled after this refresh. */
  readonly settles: number
}

export interface PlannedExperiment extends MetricsExperiment {
  readonly startDay: number
  /** First day after. */
  readonly endDay: number
  /** Last day on which anything of it can change: windows may close after its end. */
  readonly lastDay: number
  readonly skip: 0 | 1
}

/** Sources (by index) and columns that hold values which are no finite numbers. */
export type UnusableColumns = ReadonlySet<string>

/** How a column is named in `UnusableColumns`. */
export function unusableKey(source: MetricSource, column: string): string {
  return JSON.stringify([source.ref, column])
}

/** Plans what to read and keep for the metrics that the experiments ask for. */
export function planMetrics(
  spec: Omit<MetricsSpec, 'kind' | 'question'>,
  unusable: UnusableColumns = new Set(),
): MetricsPlan {
  const { experiments } = spec
  const asked = new Set(experiments.flatMap(({ metrics }) => metrics))
  const until = dayUntil(spec.asOf)
  // A day that has not ended is never settled.
  const settles = dayOf(spec.asOf) - 1 - spec.lateDays
  const drafts = new Drafts(unusable, settles === until)
  const metrics = spec.metrics
    .filter(({ name }) => asked.has(name))
    .map((definition) => drafts.metric(definition))
  return {
    sources: drafts.sources,
    measures: drafts.measures,
    spans: drafts.spans,
    metrics,
    experiments: experiments.map((experiment) => planExperiment(experiment, metrics, drafts.spans)),
    asOf: spec.asOf,
    until,
    settles,
  }
}

function planExperiment(
  experiment: MetricsExperiment,
  metrics: readonly PlannedMetric[],
  spans: readonly Span[],
): PlannedExperiment {
  const { start, end, exposureDay } = experiment.data
  const endDay = dayUntil(end) + 1
  const skip = exposureDay === 'exclude' ? 1 : 0
  const last = metrics
    .filter(({ name }) => experiment.metrics.includes(name))
    .flatMap(({ variables }) => variables.map(({ span }) => spans[span]!))
    .map(({ grain, fromDay, days, skipsExposureDay }) => {
      if (days === null) return endDay - 1
      if (grain === 'time') return endDay - 1 + fromDay + days
      return endDay - 2 + (skipsExposureDay ? skip : 0) + fromDay + days
    })
  return {
    ...experiment,
    startDay: dayOf(start),
    endDay,
    lastDay: Math.max(endDay - 1, ...last),
    skip,
  }
}

/** Collects what metrics share: sources, measures and spans, each once. */
class Drafts {
  readonly sources: MetricSource[] = []
  readonly measures: PlannedMeasure[] = []
  readonly spans: Span[] = []

  private readonly unusable: UnusableColumns
  /** Whether all that is known is settled. */
  private readonly settlesAll: boolean

  constructor(unusable: UnusableColumns, settlesAll: boolean) {
    this.unusable = unusable
    this.settlesAll = settlesAll
  }

  metric(definition: MetricDefinition): PlannedMetric {
    const { name } = definition
    const source = this.source(definition.from)
    const span = this.span(definition)
    const variable = (which: 'y' | 'd', measure: Measure | null): PlannedVariable =>
      this.variable(definition, { which, measure, source, span })
    const base = { name, definition, stepColumns: [], hasMoments: definition.kind !== 'quantile' }
    switch (definition.kind) {
      case 'ratio':
        return {
          ...base,
          variables: [variable('y', definition.numerator), variable('d', definition.denominator)],
        }
      case 'funnel':
        return {
          ...base,
          variables: [variable('y', null)],
          stepColumns: definition.steps.map((_, index) => `${name}__step_${index + 1}`),
        }
      default:
        return { ...base, variables: [variable('y', definition.value)] }
    }
  }

  private variable(
    definition: MetricDefinition,
    given: { which: 'y' | 'd'; measure: Measure | null; source: number; span: number },
  ): PlannedVariable {
    const { which, measure, source, span } = given
    const { name, kind, matureOnly, prePeriodDays } = definition
    const isFlag = kind === 'proportion' || kind === 'retention' || kind === 'funnel'
    const column = which === 'y' ? name : `${name}__denominator`
    // The bound of a ratio is one of what is counted, not of what it is divided by.
    const cap = which === 'y' && definition.cap ? definition.cap : null
    const unusable =
      measure?.column !== undefined && this.unusable.has(unusableKey(definition.from, measure.column))
        ? this.measure({ source, measure, as: 'unusable' })
        : null
    return {
      name: which,
      column,
      settledColumn: `${column}__settled`,
      showsSettled: this.settlesAll && !cap && !matureOnly && unusable === null,
      span,
      measure: measure && this.measure({ source, measure, as: isFlag ? 'hits' : 'sum' }),
      unusable,
      isFlag,
      cap,
      covariate:
        prePeriodDays > 0
          ? { name: which === 'y' ? 'x1' : 'xd1', column: `${column}__before`, days: prePeriodDays }
          : null,
    }
  }

  private source(source: MetricSource): number {
    return indexIn(this.sources, source)
  }

  private measure(measure: PlannedMeasure): number {
    return indexIn(this.measures, measure)
  }

  private span(definition: MetricDefinition): number {
    const { from, window } = definition
    const grain = from.day !== undefined ? 'day' : 'time'
    if (definition.kind === 'retention') {
      const { fromDay, toDay } = definition
      return indexIn(this.spans, { grain, fromDay, days: toDay - fromDay + 1, skipsExposureDay: false })
    }
    return indexIn(this.spans, {
      grain,
      fromDay: window.delayDays,
      days: window.days ?? null,
      skipsExposureDay: grain === 'day',
    })
  }
}

function indexIn<T>(list: T[], entry: T): number {
  const key = JSON.stringify(entry)
  const known = list.findIndex((each) => JSON.stringify(each) === key)
  return known >= 0 ? known : list.push(entry) - 1
}
