import type { CommandContext, ExitCode } from './command-context.ts'
import { planLines } from './display/plan-lines.ts'
import { eventTimeOf, reuseOf, runnableTypes } from './execute-nodes.ts'
import type { SelectionFlags } from './flags.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

export interface PlanFlags extends SelectionFlags {
  readonly fullRefresh?: boolean
  readonly reuse?: boolean
  readonly eventTimeStart?: Date
  readonly eventTimeEnd?: Date
  readonly output: 'text' | 'json'
}

/** Prints what a build of the selected nodes would do. */
export async function showPlan(context: CommandContext, flags: PlanFlags): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const { manifest, root, project } = workspace
  const selection = await selectNodes(context, workspace, flags, runnableTypes)
  reportSelection(selection, context)
  const plan = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    const { planRun } = await import('../run/plan-run.ts')
    const request = {
      command: 'build',
      runId: context.events.invocationId,
      nodeIds: selection.nodeIds,
      manifest,
      renderer: await workspace.openRenderer(),
      warehouse,
      projectRoot: root,
      publish: project.config.publish,
      reuse: reuseOf(flags, workspace),
      fullRefresh: flags.fullRefresh ?? false,
      eventTime: eventTimeOf(flags),
    }
    return (await planRun(request, context.clock())).plan
  })
  const { out } = context.terminal
  if (flags.output === 'json')
    out.write(`${JSON.stringify({ publish: plan.publish, steps: plan.steps }, null, 2)}\n`)
  else out.write(`${planLines(plan, manifest.nodes, out.colors).join('\n')}\n`)
  return 0
}
