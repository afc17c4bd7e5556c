import {
  type ArmMoments,
  isRefused,
  type JointMoments,
  linearizeRatio,
  mergeJointMoments,
  type Refusal,
} from '../../../stats/index.ts'
import type { ExperimentCell } from '../cell.ts'

/** The outcome of one arm as a mean per unit with its variance; of a ratio by the delta method. */
export function outcomeArm(cell: ExperimentCell): ArmMoments | Refusal {
  return isRatio(cell) ? linearizeRatio(cell.outcomeMoments) : asArm(cell.outcomeMoments)
}

/** Whether the cell's outcome is one sum over another. */
export function isRatio({ variables }: Pick<ExperimentCell, 'variables'>): boolean {
  return variables[1] === 'd'
}

/** How many covariates the cell knows; a ratio before the experiment is one. */
export function covariateCount(cell: Pick<ExperimentCell, 'variables'>): number {
  return isRatio(cell) ? cell.variables.length / 2 - 1 : cell.variables.length - 1
}

/** The moments of a single variable as those of an arm. */
export function asArm({ n, means, covariances }: JointMoments): ArmMoments {
  return { n, mean: means[0]!, variance: covariances[0]![0]! }
}

/** Both outcome arms of a comparison, or why there are none. */
export function outcomeArms(
  treatment: ExperimentCell,
  control: ExperimentCell,
): { readonly treatment: ArmMoments; readonly control: ArmMoments } | Refusal {
  const t = outcomeArm(treatment)
  if (isRefused(t)) return t
  const c = outcomeArm(control)
  return isRefused(c) ? c : { treatment: t, control: c }
}

/** The units of several disjoint cells of one outcome taken together, as one arm. */
export function mergeCells(cells: readonly ExperimentCell[], arm: string): ExperimentCell | undefined {
  const [first, ...rest] = cells
  if (!first) return undefined
  let { units, missing, moments, outcomeMoments } = first
  for (const cell of rest) {
    units += cell.units
    missing += cell.missing
    moments = mergeJointMoments(moments, cell.moments)
    outcomeMoments = mergeJointMoments(outcomeMoments, cell.outcomeMoments)
  }
  return { ...first, arm, units, missing, moments, outcomeMoments }
}
