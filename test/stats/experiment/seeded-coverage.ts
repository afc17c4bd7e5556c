import { expect } from 'vitest'
import { makeRandom, type Random, type Refusal } from '../../../src/stats/index.ts'
import { accepted } from './reference-cases.ts'

interface Interval {
  readonly ciLower: number
  readonly ciUpper: number
}

/** How often intervals enclose the truth over seeded replications; each replication is a stream of its own. */
export function coverage<Name extends string>(
  replications: number,
  replicate: (random: Random) => Record<Name, { truth: number; interval: Interval | Refusal }>,
) {
  const random = makeRandom(20261121)
  const covered = new Map<string, number>()
  for (let replication = 0; replication < replications; replication++) {
    random.reseed(replication)
    const results = Object.entries(replicate(random)) as [
      Name,
      { truth: number; interval: Interval | Refusal },
    ][]
    for (const [name, { truth, interval }] of results) {
      const { ciLower, ciUpper } = accepted(interval)
      if (ciLower <= truth && truth <= ciUpper) covered.set(name, (covered.get(name) ?? 0) + 1)
    }
  }
  const share = (name: Name): number => (covered.get(name) ?? 0) / replications
  /** Fails unless the share is the level, at 4 Monte-Carlo standard errors: 1 in 16,000 by chance. */
  const expectNominal = (name: Name, level = 0.95): void => {
    const error = Math.sqrt((level * (1 - level)) / replications)
    expect(Math.abs(share(name) - level), `${name} covers ${share(name)}, not ${level}`).toBeLessThan(
      4 * error,
    )
  }
  return { share, expectNominal }
}
