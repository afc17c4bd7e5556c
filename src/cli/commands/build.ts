import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'

/** `estimand build`: everything that is selected, tests included, in the order of the graph. */
export const defineBuild: CommandDefiner = (program, { command, options, launch }) => {
  const build = command(program, 'build').description(
    'load, seed, build, test and analyse the selected nodes, then publish them at once',
  )
  options.selection(build)
  options.deferral(build)
  options.sampling(build)
  options.storeFailures(build)
  options.fullRefresh(build)
  options.execution(build)
  build.option('--show', 'print some rows of each seed that was loaded')
  build.addHelpText(
    'after',
    examples([
      ['estimand build', 'the whole DAG'],
      ['estimand build --select tag:nightly --exclude tag:slow', 'by tags'],
      ['estimand build -s +funnel_metrics', 'a model and all that it is made from'],
      ['estimand build --publish node', 'each node goes live when it is built, as in dbt'],
    ]),
  )
  build.action(
    launch<RunFlags>(async (context, flags) => {
      const { executeNodes } = await import('../execute-nodes.ts')
      return executeNodes(context, flags, { resourceTypes: null })
    }, 'out'),
  )
}
