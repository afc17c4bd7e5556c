import type { ExperimentSpec } from '../../core/experiment-spec.ts'

/** The spec with the blocks of a switchback as its clusters, and the method that they need among its own. */
export function clusteredSpec(spec: ExperimentSpec): ExperimentSpec {
  const { switchback, cluster, methods } = spec
  if (!switchback) return spec
  return {
    ...spec,
    cluster: cluster ?? switchback.block,
    methods: methods.includes('cluster_robust') ? methods : [...methods, 'cluster_robust'],
  }
}
