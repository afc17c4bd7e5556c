import { fnmatch, hasWildcard } from './fnmatch.ts'

/**
 * A test for fully qualified names (package, folders, name). A node is found by its name alone, or by a prefix of
 * its fqn with or without the package; from the first part with a wildcard on, the rest is one pattern. The last
 * part of a versioned model is its version: it is found by its name, or by name and version.
 */
export function fqnMatch(value: string): (fqn: readonly string[], isVersioned: boolean) => boolean {
  const parts = value.split('.')
  const firstWild = parts.findIndex(hasWildcard)
  const exact = firstWild < 0 ? parts : parts.slice(0, firstWild)
  const rest = firstWild < 0 ? null : fnmatch(parts.slice(firstWild).join('.'))
  // A pattern without a dot is also one for the bare name, however deep the node lies.
  const bareName = rest !== null && parts.length === 1 ? rest : null

  const isNamed = (fqn: readonly string[], isVersioned: boolean): boolean => {
    const name = fqn.at(isVersioned ? -2 : -1)
    if (name === undefined) return false
    if (name === value || bareName?.(name)) return true
    // `orders.v2` and `orders_v2` both name version 2 of orders.
    return isVersioned && fqn.slice(-2).join('_') === parts.slice(-2).join('_')
  }
  const startsWithParts = (fqn: readonly string[]): boolean => {
    const flat = fqn.flatMap((segment) => segment.split('.'))
    if (flat.length < parts.length) return false
    if (exact.some((part, index) => flat[index] !== part)) return false
    return rest === null || rest(flat.slice(exact.length).join('.'))
  }
  return (fqn, isVersioned) =>
    isNamed(fqn, isVersioned) || startsWithParts(fqn) || startsWithParts(fqn.slice(1))
}
