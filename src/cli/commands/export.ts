import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { ExportFlags } from '../export-rows.ts'

/** `estimand export`: rows of a relation or of a query into files. */
export const defineExport: CommandDefiner = (program, { command, launch }) => {
  const define = command(program, 'export')
    .usage('[relation] --to <file> [options]')
    .description('write the rows of a model, a table or a query to files')
    .argument('[relation]', 'a model, seed, source or other node, or schema.table')
    .addOption(
      new Option(
        '--to <file>',
        'its name tells the format: .csv or .ndjson, with .gz packed, or .parquet',
      ).makeOptionMandatory(),
    )
    .addOption(
      new Option('--inline <sql>', 'a query instead of a relation, which may use ref() and the like'),
    )
    .addOption(new Option('--partition-by <column>', 'a column of dates: a folder column=date for each'))
    .addOption(
      new Option('--output <format>', 'how what was written is printed')
        .choices(['text', 'json'])
        .default('text'),
    )
  define.addHelpText(
    'after',
    examples([
      ['estimand export orders --to orders.csv.gz', 'a model as packed CSV'],
      ['estimand export orders --to out/orders.csv --partition-by ordered_on', 'a folder for each day'],
      ['estimand export orders --to orders.parquet', 'as Parquet'],
      [`estimand export --inline "select * from {{ ref('orders') }}" --to orders.ndjson`, 'a query as JSON'],
    ]),
  )
  define.action(
    launch<ExportFlags>(async (context, flags, [name]) => {
      const { exportToFiles } = await import('../export-rows.ts')
      return exportToFiles(context, name, flags)
    }),
  )
}
