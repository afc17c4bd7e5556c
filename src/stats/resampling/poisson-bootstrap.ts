import { hashKey } from '../random/hash-unit.ts'
import { drawWeights, replicatesPerDraw } from './poisson-weights.ts'

/*
 * The Poisson bootstrap of many means at once. A replicate counts every unit a Poisson(1) number of times, instead of
 * drawing n units: then units need not know of each other, and any worker can take any of them. Source: Chamandy,
 * Muralidharan, Najmi, Naidu (2012), "Estimating uncertainty for massive data streams", Google; Hanley and MacGibbon
 * (2006), "Creating non-parametric bootstrap samples using Poisson frequencies".
 *
 * What costs time is replicates × units × columns. Four units with weights of 0 to 3 have 256 possible sums: these are
 * made once per column and then looked up by a byte of weights in each replicate, which takes one addition in place of
 * four multiplications. Weights above 3, one in fifty, are added by themselves.
 */

/** What is resampled, column by column. */
export interface BootstrapUnits {
  /** The key of each unit; rows with the same key are taken together in every replicate, as a cluster is. */
  readonly keys: ArrayLike<number | string>
  /** The arm of each unit, from 0 to `arms` − 1. */
  readonly arm: ArrayLike<number>
  readonly arms: number
  /** Finite numbers, all columns as long as `keys`. */
  readonly columns: readonly ArrayLike<number>[]
}

/** Units in the order of arm and hash, four to a group, as workers share them. */
export interface PreparedBootstrap {
  readonly arms: number
  /** Columns, the count of units being the first. */
  readonly width: number
  /** What was taken from each column before it was summed, so that large means keep their digits. */
  readonly centers: readonly number[]
  /** Low and high word of each unit's hash. */
  readonly hashes: Int32Array
  /** `width` numbers for each unit; a group that an arm does not fill is filled with zeros. */
  readonly values: Float64Array
  /** Parts of the work: units `from` to `to` of one arm. */
  readonly chunks: readonly { readonly arm: number; readonly from: number; readonly to: number }[]
}

const groupSize = 4
const twoTo32 = 0x1_0000_0000
/** Units to a part of the work, but never more than some 64 parts. */
const leastChunk = 32_768

/**
 * Brings units into the order in which they are summed, whatever order they come in; rows of one key stay in theirs.
 */
export function prepareBootstrap(units: BootstrapUnits): PreparedBootstrap {
  const n = units.keys.length
  const width = units.columns.length + 1
  const hash = Float64Array.from({ length: n }, (_, row) => hashKey(units.keys[row]!, 0))
  const rows = Array.from({ length: units.arms }, () => [] as number[])
  for (let row = 0; row < n; row++) rows[units.arm[row]!]!.push(row)
  const orders = rows.map((order) => Uint32Array.from(order).sort((a, b) => hash[a]! - hash[b]! || a - b))
  const centers = [0, ...units.columns.map((column) => meanOf(column, orders))]
  const sizes = rows.map(({ length }) => Math.ceil(length / groupSize) * groupSize)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const hashes = new Int32Array(new SharedArrayBuffer(8 * total))
  const values = new Float64Array(new SharedArrayBuffer(8 * total * width))
  const chunks: { arm: number; from: number; to: number }[] = []
  const chunkSize = Math.max(leastChunk, Math.ceil(total / 64 / groupSize) * groupSize)
  let start = 0
  for (const [arm, sorted] of orders.entries()) {
    for (const [place, row] of sorted.entries()) {
      const unit = start + place
      hashes[2 * unit] = (hash[row]! % twoTo32) | 0
      hashes[2 * unit + 1] = Math.floor(hash[row]! / twoTo32)
      values[unit * width] = 1
      for (let column = 1; column < width; column++)
        values[unit * width + column] = units.columns[column - 1]![row]! - centers[column]!
    }
    const end = start + sizes[arm]!
    for (let from = start; from < end; from += chunkSize)
      chunks.push({ arm, from, to: Math.min(from + chunkSize, end) })
    start = end
  }
  return { arms: units.arms, width, centers, hashes, values, chunks }
}

/** The mean over rows in the order of the work, so that not even its last digit depends on theirs. */
function meanOf(values: ArrayLike<number>, orders: readonly Uint32Array[]): number {
  let mean = 0
  let seen = 0
  for (const order of orders) for (const row of order) mean += (values[row]! - mean) / ++seen
  return mean
}

/** How many replicates of which stream. */
export interface BootstrapPlan {
  readonly replicates: number
  /** A safe integer. */
  readonly seed: number
}

/**
 * Sums of weight × value of the units of a chunk, replicate by replicate: `width` numbers for each of them.
 *
 * Pure; a worker calls it for one chunk after another.
 */
export function sumChunk(
  { hashes, values, width }: PreparedBootstrap,
  { from, to }: { readonly from: number; readonly to: number },
  { replicates, seed }: BootstrapPlan,
): Float64Array {
  const sums = new Float64Array(replicates * width)
  const drawn = Math.ceil(replicates / replicatesPerDraw) * replicatesPerDraw
  const weights = new Uint8Array(drawn)
  const codes = [new Uint8Array(drawn), new Uint8Array(drawn)] as const
  const tables = [new Float64Array(256 * width), new Float64Array(256 * width)] as const
  const block = new Int32Array(8)
  const seedLow = (seed % twoTo32) | 0
  const seedHigh = Math.floor(seed / twoTo32) | 0
  for (let first = from; first < to; first += 2 * groupSize) {
    for (let half = 0; half < 2; half++) {
      const group = first + half * groupSize
      const code = codes[half]!
      code.fill(0)
      if (group >= to) {
        tables[half]!.fill(0)
        continue
      }
      for (let member = 0; member < groupSize; member++) {
        const unit = group + member
        // A unit that only fills the group has no values, whatever its weight.
        drawWeights(weights, hashes[2 * unit]!, hashes[2 * unit + 1]!, seedLow, seedHigh, block)
        packWeights(code, weights, 2 * member, sums, values, unit * width, width, replicates)
      }
      fillTable(tables[half]!, values, group * width, width)
    }
    addGroups(sums, codes[0], codes[1], tables[0], tables[1], width, replicates)
  }
  return sums
}

/** Puts the weights of a unit, two bits each, into the codes of its group, and adds what is above 3 by itself. */
function packWeights(
  code: Uint8Array,
  weights: Uint8Array,
  shift: number,
  sums: Float64Array,
  values: Float64Array,
  at: number,
  width: number,
  replicates: number,
): void {
  for (let replicate = 0; replicate < replicates; replicate++) {
    const weight = weights[replicate]!
    if (weight <= 3) {
      code[replicate]! |= weight << shift
      continue
    }
    code[replicate]! |= 3 << shift
    const to = replicate * width
    for (let column = 0; column < width; column++) sums[to + column]! += (weight - 3) * values[at + column]!
  }
}

/** The sums of a group for all 256 codes, each from the code with one less of its lowest unit that counts. */
function fillTable(table: Float64Array, values: Float64Array, at: number, width: number): void {
  for (let code = 1; code < 256; code++) {
    const member = (code & 3) !== 0 ? 0 : (code & 12) !== 0 ? 1 : (code & 48) !== 0 ? 2 : 3
    const before = (code - (1 << (2 * member))) * width
    const value = at + member * width
    for (let column = 0; column < width; column++)
      table[code * width + column] = table[before + column]! + values[value + column]!
  }
}

function addGroups(
  sums: Float64Array,
  codeA: Uint8Array,
  codeB: Uint8Array,
  tableA: Float64Array,
  tableB: Float64Array,
  width: number,
  replicates: number,
): void {
  let to = 0
  for (let replicate = 0; replicate < replicates; replicate++) {
    let a = codeA[replicate]! * width
    let b = codeB[replicate]! * width
    const end = to + width
    while (to < end) sums[to++]! += tableA[a++]! + tableB[b++]!
  }
}
