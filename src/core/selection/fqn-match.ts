import { fnmatch, hasWildcard } from './fnmatch.ts'

/**
 * A test for fully qualified names (package, folders, name). A node is found by its name alone, or by a prefix of
 * its fqn with or without the package; from the first part with a wildcard on, the rest is one pattern.
 */
export function fqnMatch(value: string): (fqn: readonly string[]) => boolean {
  const parts = value.split('.')
  const firstWild = parts.findIndex(hasWildcard)
  const exact = firstWild < 0 ? parts : parts.slice(0, firstWild)
  const rest = firstWild < 0 ? null : fnmatch(parts.slice(firstWild).join('.'))

  const startsWithParts = (fqn: readonly string[]) => {
    const flat = fqn.flatMap((segment) => segment.split('.'))
    if (flat.length < parts.length) return false
    if (exact.some((part, index) => flat[index] !== part)) return false
    return rest === null || rest(flat.slice(exact.length).join('.'))
  }
  return (fqn) => fqn.at(-1) === value || startsWithParts(fqn) || startsWithParts(fqn.slice(1))
}
