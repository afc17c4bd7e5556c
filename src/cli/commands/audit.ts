import { availableParallelism } from 'node:os'
import { InvalidArgumentError, Option } from 'commander'
import type { AuditFlags } from '../audit-experiments.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand audit`: whether methods keep what they promise, on data of the project's own shape. */
export const defineAudit: CommandDefiner = (program, { command, launch }) => {
  const audit = command(program, 'audit')
    .usage('[experiment…] [options]')
    .argument(
      '[experiments...]',
      'names of experiments or causal questions, or with --simulated of designs; all if none is said',
    )
    .description('bias, coverage, false positives and power of every method, over seeded replications')
    .addOption(
      new Option('--replications <count>', 'how often units are drawn and put into arms anew')
        .argParser(wholeNumber(10))
        .default(1000),
    )
    .addOption(
      new Option('--lift <share...>', 'true lifts to find, beside none: 0.05 is five percent')
        .argParser(parseLift)
        .default(defaultLifts),
    )
    .addOption(
      new Option(
        '--simulated',
        'made-up experiments whose truth is known instead of the project’s own: strata, clusters, priors, plans and more',
      ),
    )
    .addOption(new Option('--method <name...>', 'only these; all that sums over units serve if not said'))
    .addOption(
      new Option('--units <count>', 'at most so many units, drawn by the seed')
        .argParser(wholeNumber(10))
        .default(20_000),
    )
    .addOption(
      new Option('--threads <count>', 'how many share the work; the numbers are the same whatever it is')
        .argParser(wholeNumber(1))
        .default(availableParallelism(), 'the cores of the machine'),
    )
    .addOption(new Option('--seed <number>', 'of all that is drawn').argParser(wholeNumber(0)).default(1))
    .addOption(new Option('--to <file>', 'write the technical report, as .md or .html'))
    .addOption(
      new Option('--output <format>', 'text for people, or one JSON document on stdout')
        .choices(['text', 'json'])
        .default('text'),
    )
  audit.addHelpText(
    'after',
    examples([
      ['estimand audit one_tap_checkout', 'whether its intervals and tests hold'],
      ['estimand audit one_tap_checkout --lift 0.02 0.1', 'with two true effects'],
      [
        'estimand audit one_tap_checkout --method bootstrap --replications 200',
        'a method that needs the units',
      ],
      ['estimand audit --simulated', 'every method on the design that it is for; no database is needed'],
      ['estimand audit --simulated clustered switchback', 'two of the designs'],
      [
        'estimand audit --to report.html',
        'all experiments, as a technical report with the truth where it is known',
      ],
    ]),
  )
  audit.action(
    launch<AuditFlags>(async (context, flags, args) => {
      const { auditExperiments } = await import('../audit-experiments.ts')
      return auditExperiments(context, flags, args)
    }),
  )
}

function wholeNumber(least: number) {
  return (text: string): number => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(number) && number >= least) return number
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
  }
}

/** Several are gathered; the default goes away with the first. */
function parseLift(text: string, before: readonly number[] | undefined): number[] {
  const lift = Number(text)
  if (text.trim() === '' || !(lift > -1 && lift < 10) || lift === 0)
    throw new InvalidArgumentError('It must be a share such as 0.05, above −1 and not 0.')
  return [...(before === undefined || before === defaultLifts ? [] : before), lift]
}

const defaultLifts: readonly number[] = [0.05]
