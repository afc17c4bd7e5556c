import type { NodeId } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { CompileOptions } from '../compile.ts'
import type { ChangedFile } from './cache-index.ts'
import type { CachedProject, NodeChanges } from './cached-nodes.ts'
import type { ChangedOutputs } from './cached-outputs.ts'
import type { ReadText, YamlFile } from './kept-yaml.ts'

export interface UpdateRequest {
  readonly cached: CachedProject
  readonly readText: ReadText
  /** Files of nodes that have changed, with their text as it is now. */
  readonly files: readonly ChangedFile[]
  /** YAML files beside nodes that have changed, with what they say now. */
  readonly yaml: readonly YamlFile[]
  readonly options: CompileOptions
}

/** What has become of a kept project. */
export interface Updated extends NodeChanges {
  /** Nodes that others name in their lists of parents or children, or no longer. */
  readonly relinked: ReadonlySet<NodeId>
  /** Nodes whose SQL may be another than before. */
  readonly affected: ReadonlySet<NodeId>
  readonly outputs: ChangedOutputs
  /** What is worth saying of the manifest, in the order in which compiling everything would say it. */
  readonly warnings: readonly Problem[]
}
