/** All subsets, the empty one first. */
export function subsets(names: readonly string[]): string[][] {
  const sets: string[][] = [[]]
  for (const name of names) for (const set of [...sets]) sets.push([...set, name])
  return sets
}
