import type { SemanticSpec } from '../core/project.ts'
import type { MetricYaml } from './semantic-schema.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/** A metric in the newer spelling as the older one says it. A simple one measures the model that it belongs to. */
export function metricSpec(
  document: YamlDocument,
  path: YamlPath,
  metric: MetricYaml,
  measured?: { readonly model: string; readonly time: unknown },
): SemanticSpec {
  const { name, description, label, config, type, filter, time_granularity: granularity } = metric
  return {
    ...document.origin,
    resource: 'metric',
    name,
    description: (description ?? '').trim(),
    ...(label && { label }),
    config,
    spec: {
      type,
      ...(filter != null && { filter }),
      ...(granularity != null && { time_granularity: granularity }),
      type_params: {
        numerator: metric.numerator ?? null,
        denominator: metric.denominator ?? null,
        expr: metric.expr ?? null,
        window: metric.window ?? null,
        metrics: metric.input_metrics ?? [],
        ...(type === 'conversion' && { conversion_type_params: conversionOf(metric) }),
        ...(type === 'cumulative' && { cumulative_type_params: cumulativeOf(metric) }),
        ...(type === 'simple' && measured && { metric_aggregation_params: aggregationOf(metric, measured) }),
        join_to_timespine: metric.join_to_timespine ?? false,
        is_private: metric.hidden ?? false,
      },
    },
    extra: {},
    place: document.placeOf(path),
  }
}

function conversionOf(metric: MetricYaml) {
  return {
    entity: metric.entity,
    base_metric: metric.base_metric,
    conversion_metric: metric.conversion_metric,
    calculation: metric.calculation ?? 'conversion_rate',
    window: metric.window ?? null,
    constant_properties: metric.constant_properties ?? null,
  }
}

function cumulativeOf(metric: MetricYaml) {
  return {
    window: metric.window ?? null,
    grain_to_date: metric.grain_to_date ?? null,
    period_agg: metric.period_agg ?? 'first',
    metric: metric.input_metric,
  }
}

function aggregationOf(metric: MetricYaml, measured: { readonly model: string; readonly time: unknown }) {
  const { non_additive_dimension: fixed, percentile_type: kind } = metric
  return {
    semantic_model: measured.model,
    agg: metric.agg,
    agg_params: {
      percentile: metric.percentile ?? null,
      use_discrete_percentile: kind === 'discrete',
      use_approximate_percentile: kind === 'continuous',
    },
    agg_time_dimension: metric.agg_time_dimension ?? measured.time ?? null,
    non_additive_dimension: fixed
      ? { name: fixed.name, window_choice: fixed.window_agg, window_groupings: fixed.group_by }
      : null,
  }
}
