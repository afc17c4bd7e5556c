import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand run-operation`: a macro called by its name. */
export const defineRunOperation: CommandDefiner = (program, { command, launch }) => {
  const operation = command(program, 'run-operation')
    .argument('<macro>', 'the macro, with its package where it is not the project’s: dbt_utils.date_spine')
    .description('call a macro, which may send SQL to the warehouse')
    .addOption(new Option('--args <yaml>', 'its arguments, by name'))
  operation.addHelpText(
    'after',
    examples([
      ['estimand run-operation grant_select', 'a macro without arguments'],
      [`estimand run-operation drop_schema_named --args '{schema_name: pr_17}'`, 'with arguments'],
    ]),
  )
  operation.action(
    launch<{ readonly args?: string }>(async (context, flags, [macro]) => {
      const { runOperation } = await import('../run-operation.ts')
      return runOperation(context, macro!, flags.args)
    }),
  )
}
