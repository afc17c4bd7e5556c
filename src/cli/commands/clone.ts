import { Option } from 'commander'
import type { CloneFlags } from '../clone-nodes.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand clone`: the relations of another target. */
export const defineClone: CommandDefiner = (program, { command, options, launch }) => {
  const clone = command(program, 'clone').description(
    'give the target the relations that an earlier state has elsewhere, as views on them',
  )
  options.selection(clone)
  options.deferral(clone)
  options.fullRefresh(clone)
  clone.addOption(new Option('--copy', 'copy the rows into tables of their own'))
  clone.addHelpText(
    'after',
    examples([
      ['estimand clone --state prod/', 'everything that the target does not have'],
      ['estimand clone --state prod/ --select marts --copy', 'some of it, as tables'],
    ]),
  )
  clone.action(
    launch<CloneFlags>(async (context, flags) => {
      const { cloneNodes } = await import('../clone-nodes.ts')
      return cloneNodes(context, flags)
    }),
  )
}
