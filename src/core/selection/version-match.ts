import type { Node } from '../node.ts'

/** What `version:` takes. */
export const versionWords = ['latest', 'prerelease', 'old', 'none'] as const
export type VersionWord = (typeof versionWords)[number]

/** A test for models by where their version stands: the latest one, after it, before it, or without a version. */
export function versionMatch(word: VersionWord): (node: Node) => boolean {
  return (node) => {
    if (node.resourceType !== 'model') return false
    const { version, latestVersion } = node
    if (version === undefined) return word === 'none'
    if (word === 'none' || latestVersion === undefined) return false
    const order = compareVersions(version, latestVersion)
    if (word === 'latest') return order === 0
    return word === 'old' ? order < 0 : order > 0
  }
}

/** Numbers compare as numbers, whichever way they are written; anything else as text. */
export function compareVersions(a: string | number, b: string | number): number {
  const [left, right] = [Number(a), Number(b)]
  if (!Number.isNaN(left) && !Number.isNaN(right)) return left - right
  return String(a) < String(b) ? -1 : Number(String(a) > String(b))
}
