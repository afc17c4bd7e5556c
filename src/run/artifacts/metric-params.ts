import type { MetricNode, Node } from '../../core/node.ts'
import type { ArtifactScope } from './artifact-scope.ts'
import type { Entry } from './entry-parts.ts'
import { plainObject } from './plain-json.ts'

/*
 * What a metric is made of, as dbt writes it: every key is there, a metric or measure that is only named is a mapping
 * with its name, and spans of time are a number and what it counts.
 */

/** The `type_params` of a metric. */
export function metricParams(node: MetricNode, scope: ArtifactScope): Entry {
  const params = paramsOf(node)
  const isFlat = 'is_private' in params
  return {
    measure: measureOf(params['measure']),
    input_measures: inputMeasures(node, scope, new Set()),
    numerator: metricInput(params['numerator']),
    denominator: metricInput(params['denominator']),
    expr: params['expr'] === undefined || params['expr'] === null ? null : String(params['expr']),
    window: timeSpan(params['window']),
    grain_to_date: params['grain_to_date'] ?? null,
    metrics: listOf(params['metrics']).map(metricInput),
    conversion_type_params: conversionParams(params['conversion_type_params'], isFlat),
    cumulative_type_params: cumulativeParams(node.spec['type'], params),
    metric_aggregation_params: params['metric_aggregation_params'] ?? null,
    // Only dbt 1.12 knows these, as it alone knows metrics that are written so.
    ...(isFlat && {
      fill_nulls_with: null,
      join_to_timespine: params['join_to_timespine'],
      is_private: params['is_private'],
    }),
  }
}

/** Conditions as a list, whether one is written or several. */
export function filters(value: unknown): Entry | null {
  if (value === undefined || value === null) return null
  return { where_filters: [value].flat().map((text) => ({ where_sql_template: String(text) })) }
}

function paramsOf({ spec }: MetricNode): Entry {
  return isObject(spec['type_params']) ? plainObject(spec['type_params']) : {}
}

/** The measures that it counts on: its own, or for one that is made of metrics those of all of them. */
function inputMeasures(node: MetricNode, scope: ArtifactScope, above: ReadonlySet<string>): Entry[] {
  const params = paramsOf(node)
  const { type } = node.spec
  if (type === 'ratio' || type === 'derived') {
    const parents = scope
      .parentsOf(node)
      .filter((parent): parent is MetricNode & Node => parent.resourceType === 'metric')
    const within = new Set([...above, node.id])
    const all = parents.flatMap((one) => (within.has(one.id) ? [] : inputMeasures(one, scope, within)))
    const texts = all.map((measure) => JSON.stringify(measure))
    return all.filter((_, index) => texts.indexOf(texts[index]!) === index)
  }
  const conversion = isObject(params['conversion_type_params']) ? params['conversion_type_params'] : {}
  return [params['measure'], conversion['base_measure'], conversion['conversion_measure']].flatMap(
    (value): Entry[] => {
      const measure = measureOf(value)
      return measure ? [measure] : []
    },
  )
}

function measureOf(value: unknown): Entry | null {
  const { name, filter, alias, join_to_timespine: joins, fill_nulls_with: filler } = named(value)
  if (name === undefined) return null
  return {
    name,
    filter: filters(filter),
    alias: alias ?? null,
    join_to_timespine: joins ?? false,
    fill_nulls_with: filler ?? null,
  }
}

function metricInput(value: unknown): Entry | null {
  const { name, filter, alias, offset_window: window, offset_to_grain: grain } = named(value)
  if (name === undefined) return null
  return {
    name,
    filter: filters(filter),
    alias: alias ?? null,
    offset_window: timeSpan(window),
    offset_to_grain: grain ?? null,
  }
}

function named(value: unknown): Entry {
  return typeof value === 'string' ? { name: value } : isObject(value) ? value : {}
}

function conversionParams(value: unknown, isFlat: boolean): Entry | null {
  if (!isObject(value)) return null
  const measures = {
    base_measure: measureOf(value['base_measure']),
    conversion_measure: measureOf(value['conversion_measure']),
  }
  const metrics = {
    base_metric: metricInput(value['base_metric']),
    conversion_metric: metricInput(value['conversion_metric']),
  }
  return {
    entity: value['entity'],
    ...measures,
    ...(isFlat && metrics),
    calculation: value['calculation'] ?? 'conversion_rate',
    window: timeSpan(value['window']),
    constant_properties: value['constant_properties'] ?? null,
  }
}

/** Older metrics say the window beside these params, which is where dbt looks when they have none. */
function cumulativeParams(type: unknown, params: Entry): Entry | null {
  if (type !== 'cumulative') return null
  const own = isObject(params['cumulative_type_params']) ? params['cumulative_type_params'] : {}
  return {
    window: timeSpan(own['window'] ?? params['window']),
    grain_to_date: own['grain_to_date'] ?? params['grain_to_date'] ?? null,
    period_agg: own['period_agg'] ?? 'first',
    metric: metricInput(own['metric']),
  }
}

const standardGrains = /^((nano|micro|milli)?second|minute|hour|day|week|month|quarter|year)s$/

/** `7 days` is seven times a day; what is counted otherwise keeps its name. */
function timeSpan(value: unknown): unknown {
  const match = typeof value === 'string' ? /^(\d+)\s+(\w+)$/.exec(value.trim().toLowerCase()) : null
  if (!match) return value ?? null
  const [, count, grain] = match
  return { count: Number(count), granularity: standardGrains.test(grain!) ? grain!.slice(0, -1) : grain }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Whether a value is a mapping. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
