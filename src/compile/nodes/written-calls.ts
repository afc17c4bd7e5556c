import type { WrittenCalls } from '../../core/node.ts'
import type { Draft, Read } from './draft.ts'

/** A draft's calls of ref() and source() as they are written; undefined where what it depends on tells the same. */
export function writtenCalls(draft: Pick<Draft, 'node' | 'reads'>): WrittenCalls | undefined {
  const { reads } = draft
  return reads.some((read, at) => isTelling(read, reads, at)) ? allCalls(draft) : undefined
}

/** All of a draft's calls. */
export function allCalls({ node, reads }: Pick<Draft, 'node' | 'reads'>): WrittenCalls {
  // A generic test names first what it is declared on; for dbt that is the last that it reads.
  const isGeneric = node.resourceType === 'test' && node.generic !== undefined
  const ordered = isGeneric && reads.length > 0 ? [...reads.slice(1), reads[0]!] : reads
  return {
    refs: ordered.flatMap((read) =>
      read.kind === 'ref'
        ? [{ name: read.name, package: read.package ?? null, version: writtenVersion(read.version) }]
        : [],
    ),
    sources: ordered.flatMap((read) => (read.kind === 'source' ? [[read.source, read.table]] : [])),
  }
}

/** Whether a call says more than the node that it comes to: a package, a version, or the same once more. */
function isTelling(read: Read, reads: readonly Read[], at: number): boolean {
  if (read.kind === 'ref' && (read.package !== undefined || read.version !== undefined)) return true
  return reads.findIndex((other) => isSame(other, read)) < at
}

function isSame(a: Read, b: Read): boolean {
  if (a.kind === 'ref' && b.kind === 'ref') return a.name === b.name
  return a.kind === 'source' && b.kind === 'source' && a.source === b.source && a.table === b.table
}

/** Versions are numbers wherever they can be. */
function writtenVersion(version: string | undefined): string | number | null {
  if (version === undefined) return null
  return /^\d+(\.\d+)?$/.test(version) ? Number(version) : version
}
