import type { Node } from '../../core/node.ts'
import { keptText } from './kept-text.ts'

/*
 * What other nodes can see of a node. As long as that is the same, nothing has to be done about them.
 */

/** What concerns a node alone. Whatever is not named here others might look at. */
const ownKeys: ReadonlySet<string> = new Set([
  'calls',
  'checksum',
  'columns',
  'config',
  'constraints',
  'contractEnforced',
  'dependsOn',
  'description',
  'docBlocks',
  'fullRefresh',
  'incrementalStrategy',
  'indexes',
  'materialized',
  'meta',
  'onSchemaChange',
  'ownBuild',
  'patchPath',
  'place',
  'rawCode',
  'tags',
  'writtenConfig',
  'uniqueKey',
  'unlogged',
])

/** What others see of a node's config. */
const sharedConfig: readonly string[] = ['enabled', 'inherit_descriptions', 'inherit_tests', 'quoting']

/** Whether a node that takes the place of another looks the same to others. */
export function looksTheSame(before: Node, after: Node): boolean {
  return visibleParts(before) === visibleParts(after)
}

function visibleParts(node: Node): string {
  const parts = Object.entries(node).filter(([key]) => !ownKeys.has(key))
  const config = sharedConfig.map((key) => node.config[key] ?? null)
  const isEphemeral = node.resourceType === 'model' && node.materialized === 'ephemeral'
  return keptText([parts.sort(byKey), config, isEphemeral])
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
