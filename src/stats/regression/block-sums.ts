/*
 * The two passes over columns that fits by gradients make, block by block of units and several columns at a time: four
 * sums that don't wait for each other take little longer than one.
 */

/** Units of a block; with some dozens of columns it stays in the processor's second cache. */
export const blockUnits = 1024

/** Writes xᵢᵀ·b of the units from `start` on to `into`. Eight columns at a time: what is written is read and written less often. */
export function predictBlock(
  columns: readonly Float64Array[],
  start: number,
  size: number,
  coefficients: readonly number[],
  into: Float64Array,
): void {
  into.fill(0, 0, size)
  let index = 0
  for (; index + 8 <= columns.length; index += 8) addEight(columns, start, size, coefficients, into, index)
  for (; index < columns.length; index++) {
    const a = columns[index]!
    const p = coefficients[index]!
    for (let row = 0, unit = start; row < size; row++, unit++) into[row]! += p * a[unit]!
  }
}

function addEight(
  columns: readonly Float64Array[],
  start: number,
  size: number,
  coefficients: readonly number[],
  into: Float64Array,
  index: number,
): void {
  const [a, b, c, d] = [columns[index]!, columns[index + 1]!, columns[index + 2]!, columns[index + 3]!]
  const [e, f, g, h] = [columns[index + 4]!, columns[index + 5]!, columns[index + 6]!, columns[index + 7]!]
  const [p, q, r, s] = [0, 1, 2, 3].map((place) => coefficients[index + place]!) as [
    number,
    number,
    number,
    number,
  ]
  const [t, u, v, w] = [4, 5, 6, 7].map((place) => coefficients[index + place]!) as [
    number,
    number,
    number,
    number,
  ]
  for (let row = 0, unit = start; row < size; row++, unit++)
    into[row]! +=
      p * a[unit]! +
      q * b[unit]! +
      (r * c[unit]! + s * d[unit]!) +
      (t * e[unit]! + u * f[unit]! + (v * g[unit]! + w * h[unit]!))
}

/** Adds Σ vᵢ·xᵢ of the units from `start` on to `sums`, v being of the block. */
export function addBlockSums(
  columns: readonly Float64Array[],
  start: number,
  size: number,
  values: Float64Array,
  sums: Float64Array,
): void {
  let index = 0
  for (; index + 4 <= columns.length; index += 4) {
    const [a, b, c, d] = [columns[index]!, columns[index + 1]!, columns[index + 2]!, columns[index + 3]!]
    let [p, q, r, s] = [0, 0, 0, 0]
    for (let row = 0, unit = start; row < size; row++, unit++) {
      const value = values[row]!
      p += value * a[unit]!
      q += value * b[unit]!
      r += value * c[unit]!
      s += value * d[unit]!
    }
    sums[index]! += p
    sums[index + 1]! += q
    sums[index + 2]! += r
    sums[index + 3]! += s
  }
  for (; index < columns.length; index++) {
    const a = columns[index]!
    let p = 0
    for (let row = 0, unit = start; row < size; row++, unit++) p += values[row]! * a[unit]!
    sums[index]! += p
  }
}
