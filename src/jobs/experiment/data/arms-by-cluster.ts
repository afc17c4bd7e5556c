import type { UnitRows } from './unit-rows.ts'

/*
 * Whether arms were given to clusters as a whole or to their units one by one. Only in the first case are the units of
 * an arm not independent of each other.
 */

/** How much more often than by chance two units of one cluster have to be in one arm. */
const leastExcess = 0.1
/** That many standard errors of chance. */
const leastErrors = 3

/**
 * Whether pairs of units of one cluster are in the same arm more often than chance would have it. Crossovers may
 * leave a few clusters in several arms; clusters of one unit each say nothing.
 */
export function areArmsByCluster({ n, arms, cluster }: Pick<UnitRows, 'n' | 'arms' | 'cluster'>): boolean {
  if (!cluster) return false
  const sizes = unitsByCluster({ n, arms, cluster })
  const armSizes = new Map<number, number>()
  for (const own of sizes.values())
    for (const [arm, count] of own) armSizes.set(arm, (armSizes.get(arm) ?? 0) + count)
  let pairs = 0
  let together = 0
  for (const own of sizes.values()) {
    const size = sum(own.values())
    pairs += (size * (size - 1)) / 2
    together += sum([...own.values()].map((count) => (count * (count - 1)) / 2))
  }
  if (pairs === 0) return false
  const share = together / pairs
  if (share === 1) return true
  const byChance = sum([...armSizes.values()].map((count) => (count / n) ** 2))
  const excess = (share - byChance) / (1 - byChance)
  const error = Math.sqrt((byChance * (1 - byChance)) / pairs) / (1 - byChance)
  return excess > leastExcess && excess > leastErrors * error
}

/** How many units each cluster has in each arm, by their codes; nothing where there are no clusters. */
export function unitsByCluster({
  n,
  arms,
  cluster,
}: Pick<UnitRows, 'n' | 'arms' | 'cluster'>): ReadonlyMap<number, ReadonlyMap<number, number>> {
  const sizes = new Map<number, Map<number, number>>()
  if (!cluster) return sizes
  for (let row = 0; row < n; row++) {
    const [code, arm] = [cluster.codes[row]!, arms.codes[row]!]
    const own = sizes.get(code) ?? new Map<number, number>()
    sizes.set(code, own.set(arm, (own.get(arm) ?? 0) + 1))
  }
  return sizes
}

/** Whether all units of a cluster have the same value of a segment, so that its values share no cluster. */
export function isWithinSegments({ n, cluster, segments }: UnitRows, segmentName: string): boolean {
  const values = segments.get(segmentName)
  if (!cluster || !values) return false
  const known = new Map<number, number>()
  for (let row = 0; row < n; row++) {
    const code = cluster.codes[row]!
    const value = values.codes[row]!
    if ((known.get(code) ?? value) !== value) return false
    known.set(code, value)
  }
  return true
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
