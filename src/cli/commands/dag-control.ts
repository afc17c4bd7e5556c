import { type Command, Option } from 'commander'
import type { DagBackfillFlags } from '../backfill-dag.ts'
import type { CommandPlace } from '../define-command.ts'
import { outputOption, parseCount, parseTime } from '../options.ts'
import type { DagRunFlags } from '../start-dag-run.ts'

/** What of `estimand dag …` makes runs, or keeps them from being made. */
export function defineDagControl(
  dag: Command,
  { command, launch }: CommandPlace,
  ofDag: (name: string) => Command,
): void {
  const queue = () => new Option('--queue', 'leave it to workers')
  const slots = () => new Option('--slots <n>', 'steps at the same time').argParser(parseCount).default(2)

  ofDag('run')
    .description('run a DAG now, for the last data interval that is over or for the one that is named')
    .addOption(new Option('--from <time>', 'where the data interval begins').argParser(parseTime))
    .addOption(new Option('--to <time>', 'where it ends').argParser(parseTime))
    .addOption(queue())
    .addOption(slots())
    .addOption(outputOption())
    .action(
      launch<DagRunFlags>(async (context, flags, [name = '']) => {
        const { startDagRun } = await import('../start-dag-run.ts')
        return startDagRun(context, flags, name)
      }),
    )
  ofDag('backfill')
    .usage('<dag> --from <time> --to <time> [options]')
    .description('run a DAG for the data intervals of a range that it has not succeeded for')
    .addOption(new Option('--from <time>', 'the beginning').argParser(parseTime).makeOptionMandatory())
    .addOption(
      new Option('--to <time>', 'the end, not part of it').argParser(parseTime).makeOptionMandatory(),
    )
    .addOption(new Option('--batch <n>', 'so many intervals make one run').argParser(parseCount).default(1))
    .addOption(new Option('--parallel <n>', 'runs at the same time').argParser(parseCount).default(1))
    .addOption(new Option('--force', 'also what it has succeeded for'))
    .addOption(new Option('--dry-run', 'say which runs that would be, and make none'))
    .addOption(queue())
    .addOption(outputOption())
    .action(
      launch<DagBackfillFlags>(async (context, flags, [name = '']) => {
        const { backfillDag } = await import('../backfill-dag.ts')
        return backfillDag(context, flags, name)
      }),
    )
  for (const [name, isPaused, what] of [
    ['pause', true, 'keep schedules and other DAGs from starting it; runs that there are go on'],
    ['resume', false, 'let it be started again; what went by meanwhile is fired as its catchup says'],
  ] as const)
    command(dag, name)
      .usage('<dag...>')
      .argument('<dag...>', 'names of DAGs')
      .description(what)
      .action(
        launch<object>(async (context, _, names) => {
          const { pauseDags } = await import('../pause-dags.ts')
          return pauseDags(context, names, isPaused)
        }),
      )
}
