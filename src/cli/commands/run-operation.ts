import { Option } from 'commander'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { Operation } from '../run-operation.ts'

/** `estimand run-operation`: a macro called by its name. */
export const defineRunOperation: CommandDefiner = (program, { command, launch }) => {
  const operation = command(program, 'run-operation')
    .argument('[macro]', 'the macro, with its package where it is not the project’s: dbt_utils.date_spine')
    .description('call a macro, which may send SQL to the warehouse')
    .addOption(new Option('--args <yaml>', 'its arguments, by name'))
    .addOption(
      new Option('--sql <sql>', 'SQL to send instead of calling a macro; may use ref() and the like'),
    )
  operation.addHelpText(
    'after',
    examples([
      ['estimand run-operation grant_select', 'a macro without arguments'],
      [`estimand run-operation drop_schema_named --args '{schema_name: pr_17}'`, 'with arguments'],
      ['estimand run-operation --sql "vacuum {{ ref(\'orders\') }}"', 'a statement of your own'],
    ]),
  )
  operation.action(
    launch<{ readonly args?: string; readonly sql?: string }>(async (context, flags, [macro]) => {
      const { runOperation } = await import('../run-operation.ts')
      return runOperation(context, operationOf(macro, flags.sql, flags.args))
    }),
  )
}

function operationOf(
  macro: string | undefined,
  sql: string | undefined,
  args: string | undefined,
): Operation {
  if (macro !== undefined && sql === undefined) return { macro, args }
  if (macro === undefined && sql !== undefined && args === undefined) return { sql }
  const wrong = macro === undefined && sql === undefined ? 'neither a macro nor --sql is given' : null
  throw new ProblemError(
    makeProblem('usage', wrong ?? '--sql takes the place of a macro and its --args', {
      hint: "estimand run-operation NAME --args '{…}', or estimand run-operation --sql '…'",
    }),
  )
}
