import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'

/** `estimand snapshot`: the history of rows. */
export const defineSnapshot: CommandDefiner = (program, { command, options, launch }) => {
  const snapshot = command(program, 'snapshot').description('keep the history of the selected snapshots')
  options.selection(snapshot)
  options.deferral(snapshot)
  options.execution(snapshot)
  snapshot.addHelpText(
    'after',
    examples([
      ['estimand snapshot', 'every snapshot'],
      ['estimand snapshot --select customers_history', 'one of them'],
    ]),
  )
  snapshot.action(
    launch<RunFlags>(async (context, flags) => {
      const { executeNodes } = await import('../execute-nodes.ts')
      return executeNodes(context, flags, { resourceTypes: ['snapshot'] })
    }, 'out'),
  )
}
