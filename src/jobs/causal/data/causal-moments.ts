import { type JointMoments, mergeJointMoments } from '../../../stats/index.ts'

/** Sums over units: all that methods need which look at no unit by itself. */
export interface CausalMoments {
  /** What the variables go by: outcomes, negative controls, columns of the design. */
  readonly labels: readonly string[]
  /** Of the controls and of the treated; of a continuous treatment, which is the last variable, all in one. */
  readonly groups: readonly JointMoments[]
}

export const treatmentLabel = '(treatment)'

/** The moments of all units, the treatment as the last variable. */
export function pooledMoments({ labels, groups }: CausalMoments): CausalMoments {
  if (groups.length === 1) return { labels, groups }
  const withTreatment = groups.map(
    (group, treated): JointMoments => ({
      n: group.n,
      means: [...group.means, treated],
      covariances: [...group.covariances.map((row) => [...row, 0]), [...group.means.map(() => 0), 0]],
    }),
  )
  return {
    labels: [...labels, treatmentLabel],
    groups: [mergeJointMoments(withTreatment[0]!, withTreatment[1]!)],
  }
}

/** Where variables stand among the moments. */
export function placesOf({ labels }: Pick<CausalMoments, 'labels'>, wanted: readonly string[]): number[] {
  return wanted.map((label) => {
    const place = labels.indexOf(label)
    if (place < 0) throw new Error(`no moments of '${label}'`)
    return place
  })
}

/** The moments of some of the variables, in this order. */
export function momentsOfSome(moments: JointMoments, places: readonly number[]): JointMoments {
  return {
    n: moments.n,
    means: places.map((place) => moments.means[place]!),
    covariances: places.map((i) => places.map((j) => moments.covariances[i]![j]!)),
  }
}
