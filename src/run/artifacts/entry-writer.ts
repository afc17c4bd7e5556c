import type { Manifest } from '../../core/manifest.ts'
import type { Node } from '../../core/node.ts'
import type { ArtifactOptions } from './artifact-metadata.ts'
import { makeArtifactScope } from './artifact-scope.ts'
import type { Entry } from './entry-parts.ts'
import { nodeEntry } from './node-entry.ts'

/** Makes the function that gives a node's entry as manifest.json has it. */
export function makeEntryWriter(manifest: Manifest, options: ArtifactOptions): (node: Node) => Entry {
  const scope = makeArtifactScope(manifest, options)
  return (node) => nodeEntry(node, scope)
}
