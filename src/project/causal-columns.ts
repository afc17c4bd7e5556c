import { type CausalSpec, columnOfNode } from '../core/causal-spec.ts'
import type { JobColumnRead } from '../core/job-column-read.ts'
import type { CausalYaml } from './causal-schema.ts'
import type { ReadGraph } from './read-causal-graph.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/** The columns of all observed variables, and of what else is named. */
export function columnsRead(
  document: YamlDocument,
  yaml: CausalYaml,
  spec: CausalSpec,
  { graph, pathOf }: ReadGraph,
): JobColumnRead[] {
  const { ref } = spec.data
  if (ref === '') return []
  const read = (path: YamlPath, column: string): JobColumnRead => ({
    ref,
    column,
    place: document.placeOf(path),
  })
  const one = yaml.outcomes ? (index: number): YamlPath => ['outcomes', index] : (): YamlPath => ['outcome']
  const others = graph.nodes.filter(
    (node) =>
      !graph.unobserved.has(node) &&
      node !== spec.treatment.node &&
      !spec.outcomes.some(({ name }) => name === node),
  )
  return [
    read(['units', 'unit'], spec.data.unit),
    ...spec.data.where.map(({ column }) => read(['units', 'where'], column)),
    read(['treatment'], spec.treatment.column),
    ...spec.outcomes.map(({ column }, index) => read(one(index), column)),
    ...others.map((node) => read(pathOf(node), columnOfNode(spec, node))),
    ...spec.estimators.flatMap((estimator, index) =>
      'exact' in estimator ? estimator.exact.map((column) => read(['estimators', index], column)) : [],
    ),
    ...spec.refuters.flatMap((refuter, index) =>
      refuter.refuter === 'negative_control' ? [read(['refuters', index], refuter.outcome)] : [],
    ),
  ]
}
