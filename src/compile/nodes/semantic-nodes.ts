import type { MetricNode, NodeId, SavedQueryNode, SemanticModelNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { SemanticSpec } from '../../core/project.ts'
import { isMap } from '../config-tree.ts'
import { yamlFolders } from './declared-drafts.ts'
import { type Draft, type Drafts, fqnOf, nodeBase, partByEnabled, type Read } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { groupOf } from './group.ts'
import { readExpression } from './read-expression.ts'

type SemanticNode = MetricNode | SemanticModelNode | SavedQueryNode

const trees = { metric: 'metrics', semantic_model: 'semantic_models', saved_query: 'saved_queries' } as const

/** Metrics, semantic models and saved queries: what they hang together by is found, the rest kept as written. */
export function draftSemantic(scope: DraftScope): Drafts<SemanticNode> {
  const problems: Problem[] = []
  const specs = [...scope.project.semantic, ...metricsOfMeasures(scope.project.semantic)]
  const measures = measureOwners(specs)
  const drafts = specs.map((spec): Draft<SemanticNode> => {
    const { resource, package: packageName, packagePath, name, place, label } = spec
    const fqn = fqnOf(packageName, yamlFolders(scope, packageName), packagePath, name)
    const config = scope.config(trees[resource], fqn, scope.yaml.config(spec.config, spec, problems))
    const description = scope.yaml.description(spec.description, spec, problems)
    const node = {
      ...nodeBase({ ...spec, resourceType: resource, fqn, description, columns: [], config }),
      resourceType: resource,
      ...(label && { label }),
      spec: spec.spec,
      ...groupOf(config),
    }
    return {
      reads: resource === 'semantic_model' ? modelRead(spec, place) : [],
      dependsOn: dependenciesOf(spec, measures),
      node: node as Draft<SemanticNode>['node'],
    }
  })
  return partByEnabled(drafts, problems)
}

/** A measure that says `create_metric` is a metric of the same name. */
function metricsOfMeasures(specs: readonly SemanticSpec[]): SemanticSpec[] {
  return specs.flatMap((spec) =>
    spec.resource === 'semantic_model'
      ? listOf(spec.spec['measures'])
          .filter(({ create_metric: creates }) => creates === true)
          .map((measure) => ({
            ...spec,
            resource: 'metric' as const,
            name: String(measure['name']),
            label: String(measure['label'] ?? measure['name']),
            description: String(measure['description'] ?? `Metric created from measure ${measure['name']}`),
            config: { enabled: true, meta: {} },
            spec: { type: 'simple', type_params: { measure: measure['name'], expr: measure['expr'] } },
          }))
      : [],
  )
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

function dependenciesOf(
  { resource, package: packageName, spec }: SemanticSpec,
  measures: ReadonlyMap<string, NodeId>,
): NodeId[] {
  const metric = (name: string): NodeId => `metric.${packageName}.${name}`
  if (resource === 'saved_query') {
    const params = isMap(spec['query_params']) ? spec['query_params'] : {}
    return namesOf(params['metrics']).map(metric)
  }
  if (resource !== 'metric') return []
  const params = isMap(spec['type_params']) ? spec['type_params'] : {}
  const conversion = isMap(params['conversion_type_params']) ? params['conversion_type_params'] : {}
  const cumulative = isMap(params['cumulative_type_params']) ? params['cumulative_type_params'] : {}
  const measured = [params['measure'], conversion['base_measure'], conversion['conversion_measure']]
  const inputs = [params['numerator'], params['denominator'], params['metrics'], cumulative['metric']]
  return [
    ...new Set([
      ...measured.flatMap(namesOf).flatMap((name) => measures.get(name) ?? []),
      ...inputs.flatMap(namesOf).map(metric),
    ]),
  ]
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
