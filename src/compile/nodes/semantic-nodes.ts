import { didYouMean } from '../../core/did-you-mean.ts'
import type { MetricNode, NodeId, SavedQueryNode, SemanticModelNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { SemanticSpec } from '../../core/project.ts'
import { type Config, isMap } from '../config-tree.ts'
import { holdsTemplate } from '../yaml-values.ts'
import { yamlFolders } from './declared-drafts.ts'
import { type Draft, type Drafts, fileName, fqnOf, nodeBase, partByEnabled, type Read } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { groupOf } from './group.ts'
import { readExpression } from './read-expression.ts'

type SemanticNode = MetricNode | SemanticModelNode | SavedQueryNode

const trees = { metric: 'metrics', semantic_model: 'semantic_models', saved_query: 'saved_queries' } as const

/** Metrics, semantic models and saved queries: what they hang together by is found, the rest kept as written. */
export function draftSemantic(scope: DraftScope): Drafts<SemanticNode> {
  const problems: Problem[] = []
  const models = new Set(
    scope.project.models.map((model) => `${model.package}.${fileName(model.packagePath)}`),
  )
  const written = scope.project.semantic.filter(
    ({ ofModel, package: packageName }) => ofModel === undefined || models.has(`${packageName}.${ofModel}`),
  )
  const configOf = (spec: SemanticSpec): Config => {
    const fqn = fqnOf(spec.package, yamlFolders(scope, spec.package), spec.packagePath, spec.name)
    return scope.config(trees[spec.resource], fqn, scope.yaml.config(spec.config, spec, problems))
  }
  const specs = [...written, ...metricsOfMeasures(written, configOf)]
  const names = { measures: measureOwners(specs), metrics: metricOwners(specs), root: scope.root }
  const drafts = specs.map((spec): Draft<SemanticNode> => {
    const { resource, package: packageName, packagePath, name, place, label } = spec
    const fqn = fqnOf(packageName, yamlFolders(scope, packageName), packagePath, name)
    const config = configOf(spec)
    const description = scope.yaml.description(spec.description, spec, problems)
    const node = {
      ...nodeBase({ ...spec, resourceType: resource, fqn, description, columns: [], config }),
      resourceType: resource,
      ...(label && { label }),
      spec: rendered(scope, spec, problems),
      ...groupOf(config),
    }
    return {
      reads: resource === 'semantic_model' ? modelRead(spec, place) : [],
      dependsOn: dependenciesOf(spec, names),
      node: node as Draft<SemanticNode>['node'],
    }
  })
  const parts = partByEnabled(drafts, problems)
  return { ...parts, problems: [...problems, ...unknownInputs(specs, parts.drafts, names, scope)] }
}

/** What a semantic layer renders itself, and the name of the model, which is read as an expression. */
const keptAsWritten: ReadonlySet<string> = new Set(['filter', 'where', 'model'])

/** What is written of one, its templates rendered. */
function rendered(scope: DraftScope, spec: SemanticSpec, problems: Problem[]): SemanticSpec['spec'] {
  const deep = (value: unknown, key: string): unknown => {
    if (keptAsWritten.has(key) || !holdsTemplate(value)) return value
    if (typeof value === 'string' && key === 'description')
      return scope.yaml.description(value, spec, problems)
    if (Array.isArray(value)) return value.map((item) => deep(item, ''))
    if (isMap(value))
      return Object.fromEntries(Object.entries(value).map(([inner, item]) => [inner, deep(item, inner)]))
    return scope.yaml.value(value, spec, problems)
  }
  return deep(spec.spec, '') as SemanticSpec['spec']
}

/** A measure that says `create_metric` is a metric of the same name. */
function metricsOfMeasures(
  specs: readonly SemanticSpec[],
  configOf: (spec: SemanticSpec) => Config,
): SemanticSpec[] {
  return specs.flatMap((spec) => {
    if (spec.resource !== 'semantic_model') return []
    const created = listOf(spec.spec['measures']).filter(({ create_metric: creates }) => creates === true)
    if (created.length === 0) return []
    const { enabled, meta } = configOf(spec)
    return created.map((measure) => ({
      ...spec,
      resource: 'metric' as const,
      name: String(measure['name']),
      label: String(measure['label'] ?? measure['name']),
      description: String(measure['description'] ?? `Metric created from measure ${measure['name']}`),
      config: { enabled: enabled !== false, meta: isMap(meta) ? meta : {} },
      spec: {
        type: 'simple',
        type_params: { measure: measure['name'], expr: measure['expr'] ?? measure['name'] },
      },
    }))
  })
}

function modelRead({ spec }: SemanticSpec, place: Read['place']): Read[] {
  const expression = typeof spec['model'] === 'string' ? readExpression(spec['model']) : null
  return expression && expression.kind !== 'metric' ? [{ ...expression, place }] : []
}

/** The semantic model that declares each measure. */
function measureOwners(specs: readonly SemanticSpec[]): ReadonlyMap<string, NodeId> {
  return new Map(
    specs.flatMap(({ resource, name, package: packageName, spec }) =>
      resource === 'semantic_model'
        ? listOf(spec['measures']).map((measure): [string, NodeId] => [
            String(measure['name']),
            `semantic_model.${packageName}.${name}`,
          ])
        : [],
    ),
  )
}

/** The packages that have a metric of each name. */
function metricOwners(specs: readonly SemanticSpec[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>()
  for (const { resource, name, package: packageName } of specs)
    if (resource === 'metric') owners.set(name, [...(owners.get(name) ?? []), packageName])
  return owners
}

interface Names {
  readonly measures: ReadonlyMap<string, NodeId>
  readonly metrics: ReadonlyMap<string, readonly string[]>
  readonly root: string
}

/** What a metric or saved query counts on, by name. */
function inputsOf({ resource, spec }: SemanticSpec): {
  readonly measures: readonly string[]
  readonly metrics: readonly string[]
} {
  if (resource === 'semantic_model') return { measures: [], metrics: [] }
  if (resource === 'saved_query')
    return { measures: [], metrics: namesOf(mapIn(spec, 'query_params')['metrics']) }
  const params = mapIn(spec, 'type_params')
  const conversion = mapIn(params, 'conversion_type_params')
  const cumulative = mapIn(params, 'cumulative_type_params')
  const measures = [params['measure'], conversion['base_measure'], conversion['conversion_measure']]
  const metrics = [
    params['numerator'],
    params['denominator'],
    params['metrics'],
    cumulative['metric'],
    conversion['base_metric'],
    conversion['conversion_metric'],
  ]
  return { measures: measures.flatMap(namesOf), metrics: metrics.flatMap(namesOf) }
}

/** A metric of that name: of the project, of the package that asks, or of any other. */
function metricId(name: string, from: string, { metrics, root }: Names): NodeId {
  const owners = metrics.get(name) ?? []
  const owner = [root, from].find((one) => owners.includes(one)) ?? owners[0] ?? from
  return `metric.${owner}.${name}`
}

function dependenciesOf(spec: SemanticSpec, names: Names): NodeId[] {
  const { measures, metrics } = inputsOf(spec)
  const measured = mapIn(mapIn(spec.spec, 'type_params'), 'metric_aggregation_params')['semantic_model']
  return [
    ...new Set([
      ...measures.flatMap((name) => names.measures.get(name) ?? []),
      ...(typeof measured === 'string' ? [`semantic_model.${spec.package}.${measured}`] : []),
      ...metrics.map((name) => metricId(name, spec.package, names)),
    ]),
  ]
}

/** What metrics and saved queries name that is not there, or is switched off. */
function unknownInputs(
  specs: readonly SemanticSpec[],
  drafts: readonly Draft<SemanticNode>[],
  names: Names,
  scope: DraftScope,
): Problem[] {
  const known = new Set(drafts.map(({ node }) => node.id))
  return specs
    .filter(({ resource, package: packageName, name }) => known.has(`${resource}.${packageName}.${name}`))
    .flatMap((spec) => {
      const { measures, metrics } = inputsOf(spec)
      const written = `${spec.resource === 'metric' ? 'metric' : 'saved query'} '${spec.name}'`
      const problem = (what: string, name: string, isThere: boolean, all: Iterable<string>): Problem =>
        makeProblem(
          'ref-unknown',
          `${written} counts on the ${what} '${name}', which is ${isThere ? 'switched off' : 'not there'}`,
          { ...scope.sourceAt(spec.place), ...hintOf(isThere ? undefined : didYouMean(name, all)) },
        )
      return [
        ...measures
          .filter((name) => !known.has(names.measures.get(name) ?? ''))
          .map((name) => problem('measure', name, names.measures.has(name), names.measures.keys())),
        ...metrics
          .filter((name) => !known.has(metricId(name, spec.package, names)))
          .map((name) => problem('metric', name, names.metrics.has(name), names.metrics.keys())),
      ]
    })
}

function hintOf(hint: string | undefined): { readonly hint?: string } {
  return hint === undefined ? {} : { hint }
}

function mapIn(value: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const inner = value[key]
  return isMap(inner) ? inner : {}
}

/** Names in a text, a mapping with a name, or a list of either. */
function namesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(namesOf)
  return isMap(value) && typeof value['name'] === 'string' ? [value['name']] : []
}

function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isMap) : []
}
