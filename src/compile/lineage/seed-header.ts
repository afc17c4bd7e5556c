import { closeSync, openSync, readSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import type { Project } from '../../core/project.ts'

/** A header longer than this is not read. */
const headerBytes = 65_536

/** The columns of every seed, from the first line of its file; a file that cannot be read is left out. */
export function seedHeaders(
  manifest: Pick<Manifest, 'nodes'>,
  seeds: Project['seeds'],
): ReadonlyMap<NodeId, readonly string[]> {
  const files = new Map(seeds.map(({ name, absolutePath }) => [name, absolutePath]))
  const headers = new Map<NodeId, readonly string[]>()
  for (const node of Object.values(manifest.nodes)) {
    if (node.resourceType !== 'seed') continue
    const file = files.get(node.name)
    const header = file === undefined ? null : readHeader(file, node.delimiter)
    if (header) headers.set(node.id, header)
  }
  return headers
}

function readHeader(file: string, delimiter: string): readonly string[] | null {
  try {
    const rows: string[][] = parse(firstBytes(file), { delimiter, bom: true, to: 1 })
    return rows[0] ?? null
  } catch {
    // A file that is no CSV is reported when the seed runs, with its line.
    return null
  }
}

function firstBytes(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(headerBytes)
    return buffer.subarray(0, readSync(descriptor, buffer))
  } finally {
    closeSync(descriptor)
  }
}
