import type { z } from 'zod'
import type { Problem } from '../core/problem.ts'
import type { SemanticSpec } from '../core/project.ts'
import { checkYamlPart, type UnknownKeys } from './check-yaml.ts'
import type { SemanticYaml } from './declaration-schemas.ts'
import { mergedConfig } from './described.ts'
import { metricSpec } from './metric-spec.ts'
import type { ColumnYaml, PatchYaml } from './properties-schema.ts'
import {
  columnDimension,
  columnEntity,
  type DerivedSemanticsYaml,
  derivedSemanticsSchema,
  flagSchema,
  granularitySchema,
  metricSchema,
  type SemanticModelYaml,
  semanticModelSchema,
} from './semantic-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * What YAML declares for a semantic layer, in both spellings: the newer one is turned into the older, so that one kind
 * of metrics and semantic models is known beyond this file.
 */

/** Where YAML is read, and what is wrong with it. */
export interface SemanticReading {
  readonly document: YamlDocument
  readonly unknownKeys: UnknownKeys
  readonly problems: Problem[]
}

/** A metric, semantic model or saved query in a section of its own. */
export function readSemantic(
  reading: SemanticReading,
  path: YamlPath,
  resource: SemanticSpec['resource'],
  entry: SemanticYaml,
): SemanticSpec[] {
  const { document } = reading
  if (resource === 'metric' && entry['type_params'] === undefined) return readFlatMetric(reading, path, entry)
  const { name, description, label, config, tags, meta, ...spec } = entry
  return [
    {
      ...document.origin,
      resource,
      name,
      description,
      ...(label && { label }),
      config: mergedConfig(config, tags, meta),
      spec,
      extra: {},
      place: document.placeOf(path),
    },
  ]
}

function readFlatMetric(reading: SemanticReading, path: YamlPath, entry: SemanticYaml): SemanticSpec[] {
  // What the schema of the section adds to every entry nobody has written.
  const { tags, meta, description, config, ...rest } = entry
  const written = {
    ...rest,
    ...(description !== '' && { description }),
    ...(Object.keys(config).length > 0 && { config }),
    ...(tags.length > 0 && { tags }),
    ...(Object.keys(meta).length > 0 && { meta }),
  }
  const metric = check(reading, path, written, metricSchema)
  if (!metric) return []
  if (metric.type !== 'simple') return [metricSpec(reading.document, path, metric)]
  const message = `the simple metric '${metric.name}' measures no model`
  const hint = "write it under 'metrics' of its model, which needs 'semantic_model: true'"
  reading.problems.push(yamlProblem(reading.document, [...path, 'name'], message, { hint }))
  return []
}

/** Whether there is anything of it, as in few models. */
function saysSemantics({ semantic_model, derived_semantics, metrics, columns }: PatchYaml): boolean {
  return (
    [semantic_model, derived_semantics, metrics].some((said) => said != null) ||
    columns.some(({ granularity, entity, dimension }) => (granularity ?? entity ?? dimension) != null)
  )
}

/** The semantic model that a model says it is, and the metrics of it. */
export function readModelSemantics(
  reading: SemanticReading,
  path: YamlPath,
  entry: PatchYaml,
): SemanticSpec[] {
  if (!saysSemantics(entry)) return []
  const { document } = reading
  const elements = columnElements(reading, path, entry)
  const derived = check(
    reading,
    [...path, 'derived_semantics'],
    entry.derived_semantics ?? {},
    derivedSemanticsSchema,
  )
  const metrics = readMetrics(reading, [...path, 'metrics'], entry.metrics)
  const said = readSemanticModel(reading, [...path, 'semantic_model'], entry.semantic_model)
  // Which version a metric would measure nobody says, so dbt makes nothing of any.
  if (!said || said.enabled === false || !derived || entry.versions.length > 0) return []
  const name = said.name ?? entry.name
  const origin = { ...document.origin, ofModel: entry.name, extra: {}, place: document.placeOf(path) }
  const model: SemanticSpec = {
    ...origin,
    resource: 'semantic_model',
    name,
    description: entry.description,
    config: semanticModelConfig(said),
    spec: {
      ...(entry.description === '' && { description: '' }),
      model: `ref('${entry.name}')`,
      defaults: { agg_time_dimension: entry.agg_time_dimension ?? null },
      primary_entity: entry.primary_entity ?? null,
      entities: [...elements.entities, ...derived.entities],
      measures: [],
      dimensions: [...elements.dimensions, ...derived.dimensions.map(derivedDimension)],
    },
  }
  const defaults = { model: name, time: entry.agg_time_dimension }
  return [
    model,
    ...metrics.map(({ metric, path: at }) => ({
      ...metricSpec(document, at, metric, defaults),
      ofModel: entry.name,
    })),
  ]
}

function check<T>(
  { document, unknownKeys, problems }: SemanticReading,
  path: YamlPath,
  value: unknown,
  schema: z.ZodType<T>,
): T | null {
  return checkYamlPart(document, path, value, schema, problems, unknownKeys)
}

function readMetrics(reading: SemanticReading, path: YamlPath, value: unknown) {
  if (value == null) return []
  if (!Array.isArray(value)) {
    reading.problems.push(yamlProblem(reading.document, path, "'metrics' must be a list"))
    return []
  }
  return value.flatMap((entry: unknown, index) => {
    const metric = check(reading, [...path, index], entry, metricSchema)
    return metric ? [{ metric, path: [...path, index] }] : []
  })
}

function readSemanticModel(
  reading: SemanticReading,
  path: YamlPath,
  value: unknown,
): SemanticModelYaml | null {
  if (value == null || value === false) return null
  if (isMapping(value)) return check(reading, path, value, semanticModelSchema)
  return check(reading, path, value, flagSchema) ? {} : null
}

/** Its flag and group count where it has config of its own, and the group wherever it stands. */
function semanticModelConfig({ enabled, group, config }: SemanticModelYaml): Record<string, unknown> {
  return {
    ...(config && { meta: config.meta, enabled: enabled ?? true }),
    ...(group != null && { group }),
  }
}

/** What the columns of a model are to a semantic layer. */
function columnElements(reading: SemanticReading, path: YamlPath, { columns }: PatchYaml) {
  const entities: Record<string, unknown>[] = []
  const dimensions: Record<string, unknown>[] = []
  for (const [index, column] of columns.entries()) {
    const at = [...path, 'columns', index]
    if (column.granularity != null)
      check(reading, [...at, 'granularity'], column.granularity, granularitySchema)
    const entity = readElement(reading, [...at, 'entity'], column.entity, columnEntity)
    if (entity)
      entities.push(
        element(column, entity, {
          meta: metaOf(entity.config?.['meta'] ? entity.config : columnConfig(column)),
        }),
      )
    const dimension = readElement(reading, [...at, 'dimension'], column.dimension, columnDimension)
    if (!dimension) continue
    const problem = granularityProblem(column, dimension)
    if (problem) reading.problems.push(yamlProblem(reading.document, [...at, 'name'], problem))
    const { validity_params: validity, ...rest } = dimension
    const meta = { ...metaOf(columnConfig(column)), ...metaOf(rest.config ?? {}) }
    dimensions.push({
      ...element(column, rest, { meta }),
      // A dimension of a word alone has no grain in dbt either.
      ...(isMapping(column.dimension) &&
        column.granularity != null && {
          type_params: { time_granularity: column.granularity, validity_params: validity ?? null },
        }),
    })
  }
  return { entities, dimensions }
}

interface Element {
  readonly type: string
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly config?: Readonly<Record<string, unknown>>
  readonly validity_params?: unknown
}

/** `entity: primary`, or a mapping with a type. */
function readElement(
  reading: SemanticReading,
  path: YamlPath,
  value: unknown,
  schema: { readonly asText: z.ZodType<string>; readonly asMapping: z.ZodType<Element> },
): Element | null {
  if (value == null) return null
  if (isMapping(value)) return check(reading, path, value, schema.asMapping)
  const type = check(reading, path, value, schema.asText)
  return type === null ? null : { type }
}

/** What an element does not say for itself its column says. */
function element(column: ColumnYaml, said: Element, config: Readonly<Record<string, unknown>>) {
  const name = said.name ?? column.name
  return {
    ...said,
    name,
    description: said.description || column.description,
    ...(name !== column.name && { expr: column.name }),
    config,
  }
}

function columnConfig({ config, meta }: ColumnYaml): Readonly<Record<string, unknown>> {
  return mergedConfig(config, [], meta)
}

function metaOf({ meta }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return isMapping(meta) ? meta : {}
}

function granularityProblem({ name, granularity }: ColumnYaml, dimension: Element): string | null {
  if (granularity != null) return null
  if (dimension.type === 'time') return `column '${name}' is a time dimension and needs a 'granularity'`
  return dimension.validity_params == null
    ? null
    : `column '${name}' is a dimension with 'validity_params' and needs a 'granularity'`
}

function derivedDimension(dimension: DerivedSemanticsYaml['dimensions'][number]): Record<string, unknown> {
  const { granularity, validity_params: validity, ...rest } = dimension
  const params = { time_granularity: granularity, validity_params: validity ?? null }
  return { ...rest, ...(granularity != null && { type_params: params }) }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
