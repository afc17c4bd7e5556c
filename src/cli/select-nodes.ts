import type { NodeId, ResourceType } from '../core/node.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import { type PreviousState, select } from '../core/selection/index.ts'
import type { CommandContext } from './command-context.ts'
import type { SelectionFlags } from './flags.ts'
import { previousState } from './previous-state.ts'
import { tellWarnings } from './warning-policy.ts'
import type { Workspace } from './workspace.ts'

export interface NodeSelection {
  readonly select: readonly string[]
  readonly exclude: readonly string[]
  readonly resourceTypes: readonly ResourceType[]
  readonly nodeIds: readonly NodeId[]
  readonly warnings: readonly Problem[]
}

/**
 * The nodes that the flags select among those that the command works on. As in dbt, naming something that is not
 * there is worth a warning and selects nothing: what a scheduler asks for may have nothing to do on some days.
 */
export async function selectNodes(
  context: CommandContext,
  workspace: Workspace,
  flags: SelectionFlags,
  ofCommand: readonly ResourceType[],
): Promise<NodeSelection> {
  const state = await previousState(context, workspace, flags)
  return selectIn(workspace, flags, ofCommand, state)
}

/** The same with a state that has been read already, or without one. */
export function selectIn(
  { manifest }: Pick<Workspace, 'manifest'>,
  flags: SelectionFlags,
  ofCommand: readonly ResourceType[],
  state?: PreviousState,
): NodeSelection {
  const criteria = [...(flags.select ?? []), ...(flags.models ?? [])]
  const exclude = flags.exclude ?? []
  const { selector } = flags
  if (selector !== undefined && criteria.length + exclude.length > 0)
    throw new ProblemError(
      makeProblem('usage', '--selector takes the place of --select and --exclude', {
        hint: `to have both: --select selector:${selector} …`,
      }),
    )
  const resourceTypes = typesOf(flags, ofCommand)
  const { nodeIds, warnings } = select(manifest, {
    select: criteria,
    exclude,
    ...(selector !== undefined && { selector }),
    resourceTypes,
    indirectSelection: flags.indirectSelection ?? 'eager',
    ...(state && { state }),
  })
  return { select: criteria, exclude, resourceTypes, nodeIds, warnings }
}

/** Says what about a selection is worth a warning. */
export function reportSelection(selection: NodeSelection, context: CommandContext): void {
  tellWarnings(selection.warnings, context)
}

function typesOf(
  { resourceType = [], resourceTypes = [], excludeResourceType = [] }: SelectionFlags,
  ofCommand: readonly ResourceType[],
): ResourceType[] {
  const wanted: readonly string[] = [...resourceType, ...resourceTypes]
  const takesAll = wanted.length === 0 || wanted.includes('all') || wanted.includes('default')
  const unwanted: readonly string[] = excludeResourceType
  return ofCommand.filter((type) => (takesAll || wanted.includes(type)) && !unwanted.includes(type))
}
