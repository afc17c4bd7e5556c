import type { ExperimentMethod, ExperimentSpec } from '../../core/experiment-spec.ts'

/** Methods that know that the rows of a switchback's block were given their arm together. */
const clusteredMethods: readonly ExperimentMethod[] = ['cluster_robust', 'bootstrap', 'quantile_difference']

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

/** Why a method has nothing to say of a switchback, or null. */
export function switchbackRefusal(spec: ExperimentSpec, method: ExperimentMethod): string | null {
  if (!spec.switchback || clusteredMethods.includes(method)) return null
  return 'rows of one block of a switchback have their arm in common, and this method takes them for independent'
}
