import { quotedList } from '../core/did-you-mean.ts'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId, ResourceType } from '../core/node.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import { select } from '../core/selection/index.ts'
import type { CommandContext } from './command-context.ts'
import type { ResourceTypeFlag, SelectionFlags } from './flags.ts'

export interface NodeSelection {
  readonly select: readonly string[]
  readonly exclude: readonly string[]
  readonly resourceTypes: readonly ResourceType[]
  readonly nodeIds: readonly NodeId[]
  readonly warnings: readonly Problem[]
}

/**
 * The nodes that the flags select among those that the command works on. Selecting nothing by name is a
 * mistake and throws; a project that simply has no such nodes gives an empty selection.
 */
export function selectNodes(
  manifest: Manifest,
  flags: SelectionFlags,
  ofCommand: readonly ResourceType[],
): NodeSelection {
  const criteria = [...(flags.select ?? []), ...(flags.models ?? [])]
  const exclude = flags.exclude ?? []
  const resourceTypes = typesOf(flags.resourceType ?? [], ofCommand)
  const { nodeIds, warnings } = select(manifest, {
    select: criteria,
    exclude,
    resourceTypes,
    indirectSelection: flags.indirectSelection ?? 'eager',
  })
  if (nodeIds.length === 0 && criteria.length > 0) {
    const unmatched = warnings.map((warning) => ({ ...warning, severity: 'error' as const }))
    throw new ProblemError(unmatched.length > 0 ? unmatched : emptySelection(criteria, resourceTypes))
  }
  return { select: criteria, exclude, resourceTypes, nodeIds, warnings }
}

/** Says what about a selection is worth a warning. */
export function reportSelection(selection: NodeSelection, context: CommandContext): void {
  for (const warning of selection.warnings) context.narrator.problem(warning)
}

function typesOf(wanted: readonly ResourceTypeFlag[], ofCommand: readonly ResourceType[]): ResourceType[] {
  if (wanted.length === 0 || wanted.includes('all')) return [...ofCommand]
  return ofCommand.filter((type) => wanted.includes(type))
}

function emptySelection(criteria: readonly string[], types: readonly ResourceType[]): Problem {
  const selected = quotedList(criteria, 'and')
  return makeProblem('selection-empty', `${selected} selects nothing that this command works on`, {
    hint: `it works on ${types.map((type) => `${type}s`).join(', ')}; estimand ls --select shows what is selected`,
  })
}
