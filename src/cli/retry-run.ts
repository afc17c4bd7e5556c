import { makeProblem, ProblemError } from '../core/problem.ts'
import { type PreviousRun, readPreviousRun } from '../run/state/previous-run.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { executeNodes } from './execute-nodes.ts'
import type { RunFlags } from './flags.ts'
import { openTarget } from './open-target.ts'
import { stateFolder } from './previous-state.ts'
import { runFlagsOf } from './run-arguments.ts'
import { shownPath } from './workspace.ts'

const retryable = ['build', 'run', 'test', 'seed', 'snapshot', 'load', 'start']

/** Runs again what the last run left undone, as the command that began it would. */
export async function retryRun(context: CommandContext, flags: RunFlags): Promise<ExitCode> {
  const opened = await openTarget(context)
  const folder = flags.state === undefined ? opened.targetPath : stateFolder(opened, flags.state)
  const previous = readPreviousRun(folder)
  if (!retryable.includes(previous.command)) throw notRetryable(previous, shownPath(context, folder))
  const { globals, flags: earlier } = runFlagsOf(previous.args)
  // What the command line says now wins over what it said then; --state names the run, not what it compared with.
  const { state: _, ...now } = flags
  const given = Object.fromEntries(Object.entries(now).filter(([, value]) => value !== undefined))
  const { vars = globals.vars, target = globals.target } = context.flags
  const again: CommandContext = {
    ...context,
    command: previous.command,
    flags: { ...context.flags, ...(vars !== undefined && { vars }), ...(target !== undefined && { target }) },
  }
  return executeNodes(again, { ...earlier, ...given } as RunFlags, {
    resourceTypes: null,
    retryOf: previous.id,
    choose: ({ manifest }) => previous.leftUndone(manifest, context.flags.warnError ?? false),
  })
}

function notRetryable({ command }: PreviousRun, folder: string): ProblemError {
  return new ProblemError(
    makeProblem(
      'state-missing',
      `the run_results.json of ${folder} is that of '${command}', which has no retry`,
      {
        hint: `there is one after ${retryable.join(', ')}`,
      },
    ),
  )
}
