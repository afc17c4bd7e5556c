import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'

/** `estimand seed`: the project's CSV files. */
export const defineSeed: CommandDefiner = (program, { command, options, launch }) => {
  const seed = command(program, 'seed').description("load the project's CSV files into tables")
  options.selection(seed)
  options.empty(seed)
  options.fullRefresh(seed)
  options.execution(seed)
  seed.option('--show', 'print some rows of each seed that was loaded')
  seed.addHelpText(
    'after',
    examples([
      ['estimand seed', 'every CSV under seeds/'],
      ['estimand seed --select countries', 'one of them'],
      ['estimand seed --show', 'and print some of their rows'],
    ]),
  )
  seed.action(
    launch<RunFlags>(async (context, flags) => {
      const { executeNodes } = await import('../execute-nodes.ts')
      return executeNodes(context, flags, { resourceTypes: ['seed'] })
    }, 'out'),
  )
}
