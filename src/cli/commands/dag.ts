import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import { outputOption, parseCount } from '../options.ts'
import type { DagListFlags, DagNextFlags, DagShowFlags } from '../show-dags.ts'
import type { DagValidateFlags } from '../validate-dags.ts'
import { defineDagControl } from './dag-control.ts'

/** `estimand dag …`: what runs when. */
export const defineDag: CommandDefiner = (program, place) => {
  const { command, launch } = place
  const dag = command(program, 'dag')
    .usage('<command> [options]')
    .description('the DAGs of dags/*.yml: what they are, when they run, and runs of them')
  const ofDag = (name: string) =>
    command(dag, name).usage('<dag> [options]').argument('<dag>', 'the name of a DAG')

  command(dag, 'list')
    .description('name the DAGs, with schedule and next run')
    .addOption(outputOption())
    .action(
      launch<DagListFlags>(async (context, flags) => {
        const { listDags } = await import('../show-dags.ts')
        return listDags(context, flags)
      }),
    )
  ofDag('show')
    .description('say what a DAG is and draw its steps')
    .addOption(outputOption(['json', 'svg'], 'text for people, one JSON document on stdout, or a drawing'))
    .action(
      launch<DagShowFlags>(async (context, flags, [name = '']) => {
        const { showDag } = await import('../show-dags.ts')
        return showDag(context, flags, name)
      }),
    )
  command(dag, 'validate')
    .usage('[dag...] [options]')
    .argument('[dag...]', 'names of DAGs (default: all)')
    .description('check DAG files, and that the project has what they name')
    .addOption(outputOption())
    .action(
      launch<DagValidateFlags>(async (context, flags, names) => {
        const { validateDags } = await import('../validate-dags.ts')
        return validateDags(context, flags, names)
      }),
    )
  ofDag('next')
    .description('list when a DAG fires next, and for which stretch of time')
    .addOption(new Option('--count <n>', 'how many').argParser(parseCount).default(5))
    .addOption(new Option('--after <instant>', 'after this one, ISO 8601 (default: now)'))
    .addOption(outputOption())
    .action(
      launch<DagNextFlags>(async (context, flags, [name = '']) => {
        const { showNextInstants } = await import('../show-dags.ts')
        return showNextInstants(context, flags, name)
      }),
    )

  defineDagControl(dag, place, ofDag)
  dag.addHelpText(
    'after',
    examples([
      ['estimand dag list', 'what runs when'],
      ['estimand dag validate', 'check the files, in CI say'],
      ['estimand dag show nightly --output svg > nightly.svg', 'a drawing'],
      ['estimand dag run nightly', 'now, for the last night that is over'],
      [
        'estimand dag backfill nightly --from 2026-01-01 --to 2026-02-01 --dry-run',
        'which runs that would be',
      ],
      ['estimand dag next nightly --after 2026-03-27', 'what happens when clocks are changed'],
    ]),
  )
}
