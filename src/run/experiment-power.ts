import type { Manifest } from '../core/manifest.ts'
import type { MetricDefinition, MetricsSpec } from '../core/metrics-spec.ts'
import { type JobNode, type NodeId, type Relation, relationsOf } from '../core/node.ts'
import { fetchHistoryCells } from '../jobs/power/history-cells.ts'
import { type MetricPower, type PowerQuestion, planPower } from '../jobs/power/plan-power.ts'
import type { Warehouse } from '../warehouse/index.ts'

/** A set of metrics that the project declares. */
export type MetricsNode = JobNode & { readonly spec: MetricsSpec }

export interface PowerRequest extends Omit<PowerQuestion, 'effects'> {
  /** Days that the experiment is to last, and that history is read of. */
  readonly days: number
  /** The end of history; as the set says if not given. */
  readonly asOf?: string
  /** Names of metrics; all but quantiles if not given. */
  readonly metrics?: readonly string[]
  /** Relative effect that is to be found, of each metric. */
  readonly effect: number | null
}

/** What experiments on the units of one set of metrics can find. */
export interface SetPower {
  readonly set: string
  readonly asOf: string
  readonly days: number
  readonly metrics: readonly MetricPower[]
}

/** The sets of metrics of a project by name. */
export function metricSetsIn({ nodes }: Pick<Manifest, 'nodes'>): MetricsNode[] {
  return Object.values(nodes)
    .filter((node): node is MetricsNode => node.resourceType === 'job' && node.spec.kind === 'metrics')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The metrics of a set that a mean can be told of. */
export function plannableMetrics({ metrics }: MetricsSpec): readonly MetricDefinition[] {
  return metrics.filter(({ kind }) => kind !== 'quantile')
}

/** Reads what units did before and tells what an experiment on such units can find. */
export async function powerFromHistory(
  warehouse: Warehouse,
  manifest: Manifest,
  node: MetricsNode,
  request: PowerRequest,
): Promise<SetPower> {
  const { spec, name: set } = node
  const relationOf = (ref: string): Relation => publishedByName(manifest, node.dependsOn, ref)
  const asked = plannableMetrics(spec).filter(({ name }) => request.metrics?.includes(name) ?? true)
  const asOf = request.asOf ?? spec.asOf
  const metrics: MetricPower[] = []
  for (const group of bySource(asked)) {
    const cells = await warehouse.withSession((session) =>
      fetchHistoryCells(session, { spec, set, metrics: group, relationOf, days: request.days, asOf }),
    )
    const kinds = new Map(
      group.map(({ name, kind }) => [name, kind === 'ratio' ? ('ratio' as const) : ('mean' as const)]),
    )
    const effects = new Map(request.effect === null ? [] : group.map(({ name }) => [name, request.effect!]))
    metrics.push(...planPower(cells, kinds, { ...request, effects }))
  }
  return { set, asOf, days: request.days, metrics }
}

/** Units of one source at a time: another source has other units. */
function bySource(metrics: readonly MetricDefinition[]): MetricDefinition[][] {
  const groups = new Map<string, MetricDefinition[]>()
  for (const metric of metrics) {
    const key = JSON.stringify(metric.from)
    groups.set(key, [...(groups.get(key) ?? []), metric])
  }
  return [...groups.values()]
}

function publishedByName(manifest: Manifest, dependsOn: readonly NodeId[], ref: string): Relation {
  const target = dependsOn.map((id) => manifest.nodes[id]!).find(({ name }) => name === ref)
  const [relation] = target ? relationsOf(target) : []
  if (!relation) throw new Error(`no relation '${ref}' among those that are read`)
  return relation
}
