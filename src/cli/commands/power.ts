import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { PowerFlags } from '../plan-power.ts'

/** `estimand power`: what experiments can find, from the warehouse's own history. */
export const definePower: CommandDefiner = (program, { command, launch }) => {
  const power = command(program, 'power')
    .usage('[options]')
    .description('what experiments on these units can find: smallest effects, units and days')
  power.addOption(new Option('--metric <name...>', 'only these metrics of the project'))
  addPowerOptions(power)
  power.addHelpText(
    'after',
    examples([
      ['estimand power', 'what four weeks can find in every metric'],
      ['estimand power --metric revenue_per_user --effect 0.02', 'units and days for two percent'],
      ['estimand power --days 56 --share 0.2 --power 0.9', 'eight weeks on a fifth of the units'],
    ]),
  )
  power.action(
    launch<PowerFlags>(async (context, flags) => {
      const { planPowerOf } = await import('../plan-power.ts')
      return planPowerOf(context, flags)
    }),
  )
}

/** The options of both commands that plan. */
export function addPowerOptions(command: Command): void {
  command
    .addOption(
      new Option('--days <count>', 'how long the experiment lasts, and how much history is read')
        .argParser(numberIn(1, 3660, true))
        .default(28),
    )
    .addOption(
      new Option('--effect <share>', 'relative effect to find: 0.02 is two percent').argParser(parseEffect),
    )
    .addOption(new Option('--power <probability>', 'of finding it').argParser(numberIn(0, 1)).default(0.8))
    .addOption(new Option('--alpha <probability>', 'two-sided error').argParser(numberIn(0, 1)).default(0.05))
    .addOption(
      new Option('--ratio <number>', 'units of the treatment over those of the control')
        .argParser(numberIn(0, 1000))
        .default(1),
    )
    .addOption(
      new Option('--share <share>', 'of the units that take part')
        .argParser(numberIn(0, 1, false, true))
        .default(1),
    )
    .addOption(new Option('--as-of <date>', 'the end of the history; as the metrics say if not said'))
    .addOption(
      new Option('--output <format>', 'text for people, or one JSON document on stdout')
        .choices(['text', 'json'])
        .default('text'),
    )
}

function numberIn(above: number, upTo: number, isWhole = false, isClosed = isWhole) {
  return (text: string): number => {
    const number = text.trim() === '' ? Number.NaN : Number(text)
    const isLow = isWhole ? number < above : !(number > above)
    if (isLow || (isClosed ? number > upTo : number >= upTo) || (isWhole && !Number.isInteger(number)))
      throw new InvalidArgumentError(
        isWhole
          ? `It must be a whole number from ${above} to ${upTo}.`
          : `It must be a number above ${above} and ${isClosed ? 'up to' : 'below'} ${upTo}.`,
      )
    if (Number.isNaN(number)) throw new InvalidArgumentError('It must be a number.')
    return number
  }
}

function parseEffect(text: string): number {
  const effect = Number(text)
  if (text.trim() !== '' && effect > -1 && effect < 10 && effect !== 0) return effect
  throw new InvalidArgumentError('It must be a share such as 0.02, above −1 and not 0.')
}
