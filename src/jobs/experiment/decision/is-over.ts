import type { Analysis } from '../method-input.ts'
import type { ErrorRates } from './error-rates.ts'
import type { Outlook } from './units-needed.ts'

/** Why more units would not change what is open: the end, the last look, or enough power; null when they might. */
export function isOver(
  { spec, design }: Analysis,
  { power, unitsNeeded }: Outlook,
  rates: ErrorRates,
): string | null {
  const { data } = spec
  if (data.kind === 'exposures' && Date.parse(data.end) <= Date.parse(spec.asOf))
    return `the experiment ended on ${data.end.slice(0, 10)}`
  if (spec.sequential?.kind === 'group_sequential' && (design.looks.at(-1)?.information ?? 0) >= 1)
    return 'the last planned look is over'
  if (power !== null && unitsNeeded === 0)
    return `the planned power of ${Math.round(rates.power * 100)} % is reached`
  return null
}
