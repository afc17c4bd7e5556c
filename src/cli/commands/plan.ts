import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { PlanFlags } from '../show-plan.ts'

/** `estimand plan`: what build would do, and why. */
export const definePlan: CommandDefiner = (program, { command, options, launch }) => {
  const plan = command(program, 'plan').description(
    'say what build would do with the selected nodes, and why; changes nothing',
  )
  options.selection(plan)
  options.fullRefresh(plan)
  options.reuse(plan)
  options.eventTime(plan)
  plan.addOption(
    new Option('--output <format>', 'how it is printed').choices(['text', 'json']).default('text'),
  )
  plan.addHelpText(
    'after',
    examples([
      ['estimand plan', 'the whole DAG'],
      ['estimand plan --select daily_user_metrics+', 'a model and everything made from it'],
      ['estimand plan --output json', 'for other programs'],
    ]),
  )
  plan.action(
    launch<PlanFlags>(async (context, flags) => {
      const { showPlan } = await import('../show-plan.ts')
      return showPlan(context, flags)
    }),
  )
}
