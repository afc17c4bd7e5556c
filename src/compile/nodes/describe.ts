import type { Problem } from '../../core/problem.ts'
import type { ColumnSpec, PatchSpec } from '../../core/project.ts'
import type { Config } from '../config-tree.ts'
import type { DraftScope } from './draft-scope.ts'

/** What YAML says about a node, its templates rendered. */
export interface Described {
  readonly description: string
  readonly columns: readonly ColumnSpec[]
  readonly config: Config
  readonly extra: Config
  /** To be spread into the node: which YAML file it was, where there was one, and which docs blocks it takes over. */
  readonly patchPath: { readonly patchPath?: string; readonly docBlocks?: readonly string[] }
}

const nothing: Described = { description: '', columns: [], config: {}, extra: {}, patchPath: {} }

/** Renders what a patch says; nothing when there is no patch. */
export function describe(scope: DraftScope, patch: PatchSpec | undefined, problems: Problem[]): Described {
  if (!patch) return nothing
  const { yaml } = scope
  return {
    description: yaml.description(patch.description, patch, problems),
    columns: describeColumns(scope, patch, problems),
    config: scope.asWritten(yaml.config(patch.config, patch, problems), patch.config),
    extra: yaml.value(patch.extra, patch, problems) as Config,
    patchPath: { patchPath: patch.packagePath, ...docBlocksOf(yaml, patch.description, patch) },
  }
}

/** To be spread into what has the description: the docs blocks in it, where there are any. */
export function docBlocksOf(
  yaml: DraftScope['yaml'],
  description: string,
  from: Pick<PatchSpec, 'package' | 'place'>,
): { readonly docBlocks?: readonly string[] } {
  const docBlocks = yaml.docBlocks(description, from)
  return docBlocks.length === 0 ? {} : { docBlocks }
}

/** The columns of a declaration with their descriptions and config rendered. */
export function describeColumns(
  { yaml }: DraftScope,
  declared: Pick<PatchSpec, 'columns' | 'package' | 'place'>,
  problems: Problem[],
): readonly ColumnSpec[] {
  return declared.columns.map((column) => ({
    ...column,
    name: yaml.text(column.name, declared, problems),
    description: yaml.description(column.description, declared, problems),
    ...docBlocksOf(yaml, column.description, declared),
    ...(column.dataType !== undefined && { dataType: yaml.text(column.dataType, declared, problems) }),
    config: yaml.config(column.config, declared, problems),
    meta: yaml.config(column.meta, declared, problems),
  }))
}
