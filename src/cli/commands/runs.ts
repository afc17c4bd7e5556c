import { Option } from 'commander'
import { dagRunCauses, dagRunStatuses } from '../../core/dag-run.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import { outputOption, parseCount } from '../options.ts'
import type { RunFlags, RunLogsFlags, RunRetryFlags, RunsListFlags } from '../show-dag-runs.ts'

/** `estimand runs …`: runs of DAGs. */
export const defineRuns: CommandDefiner = (program, { command, launch }) => {
  const runs = command(program, 'runs')
    .usage('<command> [options]')
    .description('runs of DAGs: how they went')
  command(runs, 'list')
    .description('list runs, the newest first')
    .addOption(new Option('--dag <name>', 'only of this DAG'))
    .addOption(new Option('--status <status...>', 'only with these').choices(dagRunStatuses))
    .addOption(new Option('--cause <cause...>', 'only for these reasons').choices(dagRunCauses))
    .addOption(new Option('--limit <n>', 'at most so many').argParser(parseCount).default(20))
    .addOption(outputOption())
    .action(
      launch<RunsListFlags>(async (context, flags) => {
        const { listRuns } = await import('../show-dag-runs.ts')
        return listRuns(context, flags)
      }),
    )
  const withRun = (name: string, what: string) =>
    command(runs, name)
      .usage('<run> [options]')
      .argument('<run>', 'the id of a run, or its beginning')
      .description(what)
  withRun('show', 'show a run: its cause, its steps with every try, its nodes with their times')
    .addOption(outputOption())
    .action(
      launch<RunFlags>(async (context, flags, [id = '']) => {
        const { showRun } = await import('../show-dag-runs.ts')
        return showRun(context, flags, id)
      }),
    )
  withRun('logs', 'print what the steps of a run said')
    .addOption(new Option('--step <name>', 'only this step'))
    .addOption(new Option('--all', 'every try, and not only the last of each step'))
    .action(
      launch<RunLogsFlags>(async (context, flags, [id = '']) => {
        const { showLogs } = await import('../show-dag-runs.ts')
        return showLogs(context, flags, id)
      }),
    )
  withRun('cancel', 'end a run: what waits does not begin, what is at work is ended').action(
    launch<object>(async (context, _, [id = '']) => {
      const { cancelRun } = await import('../show-dag-runs.ts')
      return cancelRun(context, id)
    }),
  )
  withRun('retry', 'run what failed or was cancelled again, going on from what had been built')
    .addOption(new Option('--queue', 'leave it to workers'))
    .addOption(new Option('--slots <n>', 'steps at the same time').argParser(parseCount).default(2))
    .addOption(outputOption())
    .action(
      launch<RunRetryFlags>(async (context, flags, [id = '']) => {
        const { retryRunOfDag } = await import('../show-dag-runs.ts')
        return retryRunOfDag(context, flags, id)
      }),
    )

  runs.addHelpText(
    'after',
    examples([
      ['estimand runs list --dag nightly --status failed', 'the bad nights'],
      ['estimand runs logs 4f1c2a90', 'what its steps said'],
      ['estimand runs retry 4f1c2a90', 'go on where it failed'],
    ]),
  )
}
