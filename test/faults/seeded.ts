import { makeRandom, type Random } from '../../src/stats/random/philox.ts'

/*
 * How many moments are tried, and which. The ordinary suite tries a few of every kind; ESTIMAND_FAULTS=full hundreds.
 * ESTIMAND_FAULTS_SEED chooses others, and ESTIMAND_FAULTS_PART=2/4 tries the second of four parts of the named ones.
 */

const isFull = process.env['ESTIMAND_FAULTS'] === 'full'
const seed = Number(process.env['ESTIMAND_FAULTS_SEED'] ?? 1)

/** One number for the ordinary suite, another for all of it. */
export function amount(ordinary: number, full: number): number {
  return isFull ? full : ordinary
}

/** Those of the chosen part, where one of several is chosen. */
export function inPart<T>(items: readonly T[]): readonly T[] {
  const [part, parts] = (process.env['ESTIMAND_FAULTS_PART'] ?? '1/1').split('/').map(Number)
  return items.filter((_, index) => index % parts! === part! - 1)
}

/** Draws of a test, which no other test's disturb. */
export function seeded(stream: number): Random {
  return makeRandom(seed, stream)
}

/** `count` whole numbers from 1 to `most`, one from each part of the range, in random order. */
export function spread(random: Random, count: number, most: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) =>
    Math.min(most, 1 + Math.floor(((index + random.uniform()) / count) * most)),
  )
  random.shuffle(numbers)
  return numbers
}

/** Says what was tried, in the output of the tests. */
export function tell(words: string): void {
  process.stdout.write(
    `faults: ${words}, seed ${seed}${isFull ? '' : ' (ESTIMAND_FAULTS=full tries more)'}\n`,
  )
}
