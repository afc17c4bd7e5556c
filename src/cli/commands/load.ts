import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'

/** `estimand load`: the loads declared under pipelines/. */
export const defineLoad: CommandDefiner = (program, { command, options, launch }) => {
  const load = command(program, 'load').description(
    'fill tables from the generators and files under pipelines/',
  )
  options.selection(load)
  options.fullRefresh(load)
  options.execution(load)
  load.addHelpText(
    'after',
    examples([
      ['estimand load', 'every load whose declaration, parameters or code changed'],
      ['estimand load --full-refresh', 'all of them anew'],
      ["estimand load --vars '{events: 50000}'", 'with a parameter'],
    ]),
  )
  load.action(
    launch<RunFlags>(async (context, flags) => {
      const { executeNodes } = await import('../execute-nodes.ts')
      return executeNodes(context, flags, { resourceTypes: ['load'] })
    }, 'out'),
  )
}
