import { philoxBlockPair } from '../random/philox-block.ts'

/*
 * The weights of the Poisson bootstrap. How often unit u counts in replicate b is the 16-bit slice number b mod 8 of
 * the Philox block whose counter is (b div 8, tag, hash of u) and whose key is the seed: a function of the three, so
 * that neither the order of rows nor the number of workers can change it, and a unit counts as often in every metric.
 */

/** Keeps these blocks apart from those that draw streams and hash keys. */
const tag = 0x50_4f_49_53
/** Replicates whose weights two blocks give. */
export const replicatesPerDraw = 16

/**
 * How many of the 65,536 slices mean at least 1, 2 … times: P(W ≥ k) of the Poisson distribution with mean 1, to
 * 1/65,536, chosen next to it so that mean and variance both are exactly 1.
 */
export const slicesAtLeast: readonly number[] = [41427, 17317, 5262, 1245, 240, 39, 5, 1]

/** The weight of each slice: 0 for the first 24,109 of them. */
const weightOfSlice = new Uint8Array(65536)
for (const count of slicesAtLeast)
  for (let slice = 65536 - count; slice < 65536; slice++) weightOfSlice[slice]!++

const undecided = 255
/** The weight by the upper 12 bits of a slice, where these decide it: a table that stays in the nearest cache. */
const weightOfPrefix = new Uint8Array(4096)
for (let prefix = 0; prefix < 4096; prefix++) {
  const first = weightOfSlice[prefix * 16]!
  weightOfPrefix[prefix] = first === weightOfSlice[prefix * 16 + 15]! ? first : undecided
}

/**
 * Writes the weights of one unit in replicates 0 to `into.length` − 1, a multiple of 16.
 *
 * The unit is the two words of its hash. `block` is room for eight words.
 */
export function drawWeights(
  into: Uint8Array,
  hashLow: number,
  hashHigh: number,
  seedLow: number,
  seedHigh: number,
  block: Int32Array,
): void {
  for (let from = 0; from < into.length; from += replicatesPerDraw) {
    philoxBlockPair(block, from >>> 3, tag, hashLow, hashHigh, seedLow, seedHigh)
    for (let word = 0; word < 8; word++) {
      const bits = block[word]!
      const at = from + 2 * word
      const low = weightOfPrefix[(bits >>> 4) & 0xfff]!
      const high = weightOfPrefix[bits >>> 20]!
      into[at] = low === undecided ? weightOfSlice[bits & 0xffff]! : low
      into[at + 1] = high === undecided ? weightOfSlice[bits >>> 16]! : high
    }
  }
}
