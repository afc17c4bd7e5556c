import type {
  Measure,
  MetricDefinition,
  MetricsExperiment,
  MetricsSpec,
} from '../../../src/core/metrics-spec.ts'
import { dayOf, dayUntil, isoDay, microsOf } from '../../../src/jobs/metrics/day-number.ts'
import { type JointMoments, jointMomentsOf, makeRandom, type Random } from '../../../src/stats/index.ts'

/*
 * Small random worlds and what their statistics must be, computed row by row without any of the code under test but
 * the reading of dates.
 */

export interface DayRow {
  readonly user_id: number
  readonly day: string
  readonly plays: number | null
  readonly revenue: number | null
  readonly active: boolean | null
  readonly kind: string
}

export interface EventRow {
  readonly user_id: number
  readonly at: string
  readonly name: string
  readonly amount: number | null
}

export interface ExposureRow {
  readonly experiment_id: string
  readonly user_id: number | null
  readonly variant: string | null
  readonly exposed_at: string
  readonly country: string | null
  readonly device: string | null
}

export interface SmallWorld {
  readonly days: readonly DayRow[]
  readonly events: readonly EventRow[]
  readonly exposures: readonly ExposureRow[]
}

const firstDay = dayOf('2026-03-01')

/** A world of so many units and days; with `level` every unit has about that much of revenue on every day. */
export function makeSmallWorld(
  seed: number,
  { units = 40, days = 16, experiments = 2, level = 0 } = {},
): SmallWorld {
  const random = makeRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.uniform() * list.length)]!
  const dayRows: DayRow[] = []
  const events: EventRow[] = []
  const exposures: ExposureRow[] = []
  for (let user = 1; user <= units; user++) {
    for (let day = 0; day < days; day++) {
      const date = isoDay(firstDay + day)
      if (level > 0 || random.uniform() < 0.4)
        dayRows.push({
          user_id: user,
          day: date,
          plays: random.uniform() < 0.1 ? null : Math.floor(random.uniform() * 5),
          revenue: level > 0 ? level + random.normal() : Math.round(random.uniform() * 1000) / 100 - 2,
          active: pick([true, false, null]),
          kind: pick(['a', 'b', 'c']),
        })
      while (random.uniform() < 0.45)
        events.push({
          user_id: user,
          at: instant(date, random),
          name: pick(['view', 'cart', 'buy']),
          amount: random.uniform() < 0.1 ? null : Math.round(random.uniform() * 100) / 10,
        })
    }
    for (let number = 0; number < experiments; number++) {
      if (random.uniform() < 0.2) continue
      const arm = pick(['control', 'treatment'])
      for (let time = 0; time < 3; time++)
        exposures.push({
          experiment_id: `experiment_${number}`,
          user_id: random.uniform() < 0.02 ? null : user,
          variant: random.uniform() < 0.06 ? pick(['control', 'treatment']) : arm,
          exposed_at: instant(isoDay(firstDay + Math.floor(random.uniform() * days)), random),
          country: pick(['de', 'fr', null]),
          device: pick(['phone', 'tv']),
        })
    }
  }
  return { days: dayRows, events, exposures }
}

function instant(date: string, random: Random): string {
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${date}T${pad(random.uniform() * 24)}:${pad(random.uniform() * 60)}:00.000Z`
}

export interface NaiveCell {
  readonly key: string
  readonly units: number
  readonly missing: number
  readonly variables: readonly string[]
  readonly moments: JointMoments
  readonly outcomeMoments: JointMoments
}

interface NaiveUnit {
  readonly unit: number
  readonly arm: string
  readonly exposedAt: number
  readonly exposedDay: number
  readonly crossedDay: number
  readonly stratum: string | null
  readonly segments: readonly (readonly [string, string | null])[]
}

const micros = (iso: string): number => Number(microsOf(iso))
const dayMicros = 86_400_000_000

/** The statistics of a world, each computed from its rows. */
export function naiveCells(
  world: SmallWorld,
  spec: Pick<MetricsSpec, 'metrics' | 'asOf'>,
  experiments: readonly MetricsExperiment[],
): Map<string, NaiveCell> {
  const cells = new Map<string, NaiveCell>()
  for (const experiment of experiments) {
    const metrics = spec.metrics.filter(
      ({ name, kind }) => experiment.metrics.includes(name) && kind !== 'quantile',
    )
    const units = naiveUnits(world, experiment, spec.asOf)
    const last = Math.min(dayUntil(spec.asOf), lastDay(experiment, spec.metrics))
    for (let day = dayOf(experiment.data.start); day <= last; day++) {
      const counted = units.filter(
        ({ exposedDay, crossedDay }) =>
          exposedDay <= day && (experiment.data.crossovers === 'first_arm' || day < crossedDay),
      )
      for (const metric of metrics) {
        const rows = counted.map((unit) => ({
          unit,
          ...unitValues(world, metric, experiment, unit, day, spec.asOf),
        }))
        capByQuantiles(rows, metric)
        for (const [key, members] of byCell(rows)) {
          const outcomes = metric.kind === 'ratio' ? 2 : 1
          const known = members.filter(({ values }) => values.slice(0, outcomes).every(Number.isFinite))
          const all = members.filter(({ values }) => values.every(Number.isFinite))
          const columns = (list: typeof members, count: number): number[][] =>
            Array.from({ length: count }, (_, index) => list.map(({ values }) => values[index]!))
          const name = [experiment.name, key, metric.name, isoDay(day)].join('|')
          cells.set(name, {
            key: name,
            units: members.length,
            missing: members.filter(({ due }) => due).length - known.length,
            variables: members[0]!.names,
            moments: jointMomentsOf(...columns(all, members[0]!.names.length)),
            outcomeMoments: jointMomentsOf(...columns(known, outcomes)),
          })
        }
      }
    }
  }
  return cells
}

function lastDay({ data, metrics }: MetricsExperiment, all: readonly MetricDefinition[]): number {
  const lastExposure = dayUntil(data.end)
  const skip = data.exposureDay === 'exclude' ? 1 : 0
  const ends = all
    .filter(({ name }) => metrics.includes(name))
    .map((metric) => {
      const days =
        metric.kind === 'retention'
          ? metric.toDay + 1
          : metric.window.days === undefined
            ? 0
            : metric.window.delayDays + metric.window.days + (metric.from.day ? skip : 0)
      return days === 0 ? lastExposure : lastExposure + days - (metric.from.day ? 1 : 0)
    })
  return Math.max(lastExposure, ...ends)
}

function naiveUnits(world: SmallWorld, experiment: MetricsExperiment, asOf: string): NaiveUnit[] {
  const { data, strata, segments } = experiment
  const byUser = new Map<number, ExposureRow[]>()
  for (const row of world.exposures) {
    const at = micros(row.exposed_at)
    if (data.experiment && row.experiment_id !== data.experiment.value) continue
    if (row.user_id === null || row.variant === null) continue
    if (at < micros(data.start) || at >= micros(data.end) || at >= micros(asOf)) continue
    byUser.set(row.user_id, [...(byUser.get(row.user_id) ?? []), row])
  }
  return [...byUser].map(([unit, rows]) => {
    const text = (value: string | null): string => value ?? '￿'
    const sorted = rows.toSorted(
      (a, b) =>
        micros(a.exposed_at) - micros(b.exposed_at) ||
        text(a.variant).localeCompare(text(b.variant)) ||
        text(a.country).localeCompare(text(b.country)) ||
        text(a.device).localeCompare(text(b.device)),
    )
    const first = sorted[0]!
    const other = sorted.find(({ variant }) => variant !== first.variant)
    const column = (name: string): string | null => first[name as 'country' | 'device']
    return {
      unit,
      arm: first.variant!,
      exposedAt: micros(first.exposed_at),
      exposedDay: dayOf(first.exposed_at),
      crossedDay: other ? dayOf(other.exposed_at) : Number.POSITIVE_INFINITY,
      stratum: strata.length === 0 ? null : strata.map((name) => column(name) ?? '(none)').join(' / '),
      segments: segments.map((name) => [name, column(name)] as const),
    }
  })
}

interface UnitValues {
  readonly names: readonly string[]
  values: number[]
  /** Whether the outcome is to be known by now. */
  readonly due: boolean
}

/** What a metric's variables are for one unit at the end of a day. */
function unitValues(
  world: SmallWorld,
  metric: MetricDefinition,
  experiment: MetricsExperiment,
  unit: NaiveUnit,
  day: number,
  asOf: string,
): UnitValues {
  const { data } = experiment
  const byDay = metric.from.day !== undefined
  const skip = byDay && data.exposureDay === 'exclude' && metric.kind !== 'retention' ? 1 : 0
  const origin = byDay ? (unit.exposedDay + skip) * dayMicros : unit.exposedAt
  const [delay, days] =
    metric.kind === 'retention'
      ? [metric.fromDay, metric.toDay - metric.fromDay + 1]
      : [metric.window.delayDays, metric.window.days]
  const starts = origin + delay * dayMicros
  const experimentEnds = byDay ? (dayUntil(data.end) + 1) * dayMicros : micros(data.end)
  const closes = days === undefined ? experimentEnds : starts + days * dayMicros
  const horizon = Math.min((day + 1) * dayMicros, byDay ? Number.POSITIVE_INFINITY : micros(asOf))
  const exposed = byDay ? unit.exposedDay * dayMicros : unit.exposedAt
  const within = (from: number, to: number): Row[] =>
    rowsOf(world, metric, unit.unit).filter(({ at }) => at >= from && at < Math.min(to, horizon))
  const due = !metric.matureOnly || closes <= (day + 1) * dayMicros
  const names: string[] = metric.kind === 'ratio' ? ['y', 'd'] : ['y']
  const outcome = totals(metric, within(starts, closes))
  const values = outcome.map((value) => (due ? value : Number.NaN))
  if (metric.prePeriodDays > 0) {
    names.push(...(metric.kind === 'ratio' ? ['x1', 'xd1'] : ['x1']))
    values.push(...totals(metric, within(exposed - metric.prePeriodDays * dayMicros, exposed)))
  }
  return { names, values: values.map((value, index) => bounded(metric, names[index]!, value)), due }
}

interface Row {
  readonly at: number
  readonly row: Readonly<Record<string, unknown>>
}

function rowsOf(world: SmallWorld, metric: MetricDefinition, unit: number): Row[] {
  return metric.from.day !== undefined
    ? world.days
        .filter(({ user_id }) => user_id === unit)
        .map((row) => ({ at: dayOf(row.day) * dayMicros, row: { ...row } }))
    : world.events
        .filter(({ user_id }) => user_id === unit)
        .map((row) => ({ at: micros(row.at), row: { ...row } }))
}

type NaiveMeasure = Measure

/** The values of the rows that a measure counts; NaN where a value is no number that can be added. */
function amounts({ column, where }: NaiveMeasure, rows: readonly Row[]): { at: number; value: number }[] {
  return rows.flatMap(({ at, row }) => {
    if (where) {
      const tested = row[where.column]
      if (where.values ? !where.values.some((value) => value === tested) : tested !== true) return []
    }
    const value = column === undefined ? 1 : row[column]
    if (value === null || value === undefined) return []
    const number = typeof value === 'boolean' ? Number(value) : (value as number)
    return [{ at, value: Number.isFinite(number) ? number : Number.NaN }]
  })
}

function totals(metric: MetricDefinition, rows: readonly Row[]): number[] {
  const sum = (measure: NaiveMeasure): number =>
    amounts(measure, rows).reduce((total, { value }) => total + value, 0)
  switch (metric.kind) {
    case 'mean':
    case 'count':
    case 'quantile':
      return [sum(metric.value)]
    case 'ratio':
      return [sum(metric.numerator), sum(metric.denominator)]
    case 'proportion':
    case 'retention': {
      const values = amounts(metric.value, rows).map(({ value }) => value)
      return [values.some(Number.isNaN) ? Number.NaN : Number(values.some((value) => value > 0))]
    }
    case 'funnel': {
      let reached = Number.NEGATIVE_INFINITY
      for (const step of metric.steps) {
        const later = amounts(step, rows).filter(
          ({ at, value }) => value > 0 && (metric.from.day === undefined ? at > reached : at >= reached),
        )
        if (later.length === 0) return [0]
        reached = Math.min(...later.map(({ at }) => at))
      }
      return [1]
    }
  }
}

function bounded({ cap }: MetricDefinition, name: string, value: number): number {
  if (!cap || !['y', 'x1'].includes(name) || Number.isNaN(value)) return value
  return Math.max(Math.min(value, cap.upper ?? Infinity), cap.lower ?? -Infinity)
}

function capByQuantiles(rows: readonly UnitValues[], { cap }: MetricDefinition): void {
  if (!cap || (cap.upperQuantile === undefined && cap.lowerQuantile === undefined) || rows.length === 0)
    return
  for (const name of ['y', 'x1']) {
    const index = rows[0]!.names.indexOf(name)
    if (index < 0) continue
    const sorted = rows
      .map(({ values }) => values[index]!)
      .filter(Number.isFinite)
      .sort((a, b) => a - b)
    const quantile = (level: number | undefined, otherwise: number): number => {
      if (level === undefined || sorted.length === 0) return otherwise
      const place = level * (sorted.length - 1)
      const below = Math.floor(place)
      const above = Math.min(below + 1, sorted.length - 1)
      return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!)
    }
    const [upper, lower] = [quantile(cap.upperQuantile, Infinity), quantile(cap.lowerQuantile, -Infinity)]
    for (const row of rows) {
      const value = row.values[index]!
      if (Number.isFinite(value)) row.values = row.values.with(index, Math.max(Math.min(value, upper), lower))
    }
  }
}

function byCell<T extends { readonly unit: NaiveUnit }>(rows: readonly T[]): Map<string, T[]> {
  const cells = new Map<string, T[]>()
  for (const row of rows) {
    const { arm, segments, stratum } = row.unit
    const keys = [
      [arm, '', '', ''],
      ...segments.map(([name, value]) => [arm, name, value ?? 'null', '']),
      ...(stratum === null ? [] : [[arm, '', '', stratum]]),
    ].map((parts) => parts.join('|'))
    for (const key of keys) cells.set(key, [...(cells.get(key) ?? []), row])
  }
  return cells
}
