import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'

/** `estimand run`: models and jobs, without tests. */
export const defineRun: CommandDefiner = (program, { command, options, launch }) => {
  const run = command(program, 'run').description('build the selected models and jobs, without their tests')
  options.selection(run)
  options.deferral(run)
  options.sampling(run)
  options.fullRefresh(run)
  options.execution(run)
  run.addHelpText(
    'after',
    examples([
      ['estimand run', 'all models and jobs'],
      ['estimand run -s daily_user_metrics+', 'a model and everything made from it'],
      ['estimand run -s path:models/marts -f', 'a folder, incremental models anew'],
    ]),
  )
  run.action(
    launch<RunFlags>(async (context, flags) => {
      const { executeNodes } = await import('../execute-nodes.ts')
      return executeNodes(context, flags, { resourceTypes: ['model', 'job'] })
    }, 'out'),
  )
}
