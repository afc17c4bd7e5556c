import type { Manifest } from '../core/manifest.ts'
import { type NodeId, relationsOf } from '../core/node.ts'
import type { RunResult } from '../core/run-result.ts'
import { publishedNames } from '../run/relations.ts'

/** The SQL of a run's models and tests as it reads from what is published, for compiled_code. */
export function publishedCode(manifest: Manifest, run: RunResult): ReadonlyMap<NodeId, string> {
  const relations = Object.values(manifest.nodes).flatMap(relationsOf)
  const { buildSchema } = run
  const toPublished = buildSchema === undefined ? asItIs : publishedNames(buildSchema, relations)
  return new Map(
    run.results.flatMap(({ nodeId, compiledCode }) =>
      compiledCode === undefined ? [] : [[nodeId, toPublished(compiledCode)] as const],
    ),
  )
}

const asItIs = (text: string): string => text
