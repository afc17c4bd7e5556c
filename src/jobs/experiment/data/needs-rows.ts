import type { ExperimentSpec } from '../../../core/experiment-spec.ts'
import { methodRegistry } from '../methods/registry.ts'
import { fixedHorizonMethod } from '../primary-method.ts'

/** Whether some method that the spec asks for, or its decision, cannot do with sums. */
export function needsRows(spec: ExperimentSpec): boolean {
  // The sizes of the arms are counted in clusters.
  if (spec.cluster !== undefined || spec.switchback) return true
  const asked = spec.outcomes.some((outcome) =>
    spec.methods.some(
      (method) =>
        ['rows', 'replicates'].includes(methodRegistry[method].needs) &&
        methodRegistry[method].applies(outcome, spec),
    ),
  )
  return (
    asked ||
    (spec.decision !== undefined &&
      spec.outcomes.some(
        (outcome) => methodRegistry[fixedHorizonMethod(spec, outcome, 'absolute')].needs === 'rows',
      ))
  )
}
