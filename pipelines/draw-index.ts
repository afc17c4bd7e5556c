/** The place at which a uniform draw falls among these shares, which add up to 1. */
export function drawIndex(uniform: number, shares: readonly number[]): number {
  let rest = uniform
  for (let index = 0; index < shares.length - 1; index++) {
    rest -= shares[index]!
    if (rest < 0) return index
  }
  return shares.length - 1
}
