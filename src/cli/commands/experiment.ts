import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { PowerFlags } from '../plan-power.ts'
import type { ExperimentListFlags, ExperimentShowFlags } from '../show-experiments.ts'
import type { MemoFlags } from '../write-memo.ts'
import { addPowerOptions } from './power.ts'
import { addMemoOptions, standingOutput } from './standing-options.ts'

/** `estimand experiment …`: how the project's experiments stand. */
export const defineExperiment: CommandDefiner = (program, { command, launch }) => {
  const experiment = command(program, 'experiment')
    .usage('<command> [options]')
    .description('see how experiments stand: units, health, lifts, decisions')

  const list = command(experiment, 'list').description('one line for each experiment')
  list.addOption(standingOutput())
  list.action(
    launch<ExperimentListFlags>(async (context, flags) => {
      const { listExperiments } = await import('../show-experiments.ts')
      return listExperiments(context, flags)
    }),
  )

  const show = command(experiment, 'show')
    .usage('<experiment> [options]')
    .argument('<experiment>', 'its name')
    .description('the design, health, results and decision of one')
  show
    .addOption(new Option('--all', 'the estimates of every method, not only the one that tells most'))
    .addOption(new Option('--segments', 'also what is known of segments'))
    .addOption(standingOutput())
  show.action(
    launch<ExperimentShowFlags>(async (context, flags, args) => {
      const { showExperiment } = await import('../show-experiments.ts')
      return showExperiment(context, flags, args[0]!)
    }),
  )

  const power = command(experiment, 'power')
    .usage('<experiment> [options]')
    .argument('<experiment>', 'its name')
    .description('what one that is declared can find, from the days before it starts')
  addPowerOptions(power)
  power.action(
    launch<PowerFlags>(async (context, flags, args) => {
      const { planPowerOf } = await import('../plan-power.ts')
      return planPowerOf(context, flags, args[0]!)
    }),
  )

  const memo = command(experiment, 'memo')
    .usage('<experiment> [options]')
    .argument('<experiment>', 'its name')
    .description('the memo of one: the answer, the five questions, and what it rests on')
  addMemoOptions(memo)
  memo.action(
    launch<MemoFlags>(async (context, flags, args) => {
      const { writeMemo } = await import('../write-memo.ts')
      return writeMemo(context, flags, args[0]!)
    }),
  )

  experiment.addHelpText(
    'after',
    examples([
      ['estimand experiment list', 'which experiments there are, and what came of them'],
      ['estimand experiment show one_tap_checkout', 'one of them, with its intervals drawn'],
      ['estimand experiment show one_tap_checkout --all --segments', 'every method, within segments too'],
      ['estimand experiment show one_tap_checkout --output json', 'for a program'],
      ['estimand experiment memo one_tap_checkout', 'what to tell those who decide, as Markdown'],
      ['estimand experiment memo one_tap_checkout --to memo.html', 'the same as a page with charts'],
    ]),
  )
}
