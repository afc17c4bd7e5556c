import type { CausalOutcome, CausalTruth } from '../core/causal-spec.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { CausalYaml } from './causal-schema.ts'
import { listed, type Refuse } from './job-parts.ts'

type TruthYaml = NonNullable<CausalYaml['truth']>
type UnitsYaml = NonNullable<TruthYaml['units']>

/** Where a generator wrote what is true: of one outcome in short, of several by name. */
export function readCausalTruth(
  { effects, units }: TruthYaml,
  outcomes: readonly CausalOutcome[],
  refuse: Refuse,
): CausalTruth {
  return {
    ...(effects !== undefined && { effects }),
    ...(units && {
      units: {
        ...{ table: units.table, unit: units.unit, propensity: units.propensity },
        outcomes: outcomesOf(units, outcomes, refuse),
      },
    }),
  }
}

function outcomesOf(
  { without, with: withTreatment, scale, outcomes: named }: UnitsYaml,
  outcomes: readonly CausalOutcome[],
  refuse: Refuse,
): NonNullable<CausalTruth['units']>['outcomes'] {
  const path = ['truth', 'units']
  const names = outcomes.map(({ name }) => name)
  const isShort = without !== undefined || withTreatment !== undefined || scale !== undefined
  const hint = `write outcomes: { ${names[0] ?? 'spend'}: { without: …, with: … } }`
  if (named) {
    if (isShort) refuse(path, "'outcomes' says what units come to, and so do 'without' and 'with'", hint)
    for (const name of Object.keys(named))
      if (!names.includes(name))
        refuse(
          [...path, 'outcomes', name],
          `the question has no outcome '${name}'`,
          didYouMean(name, names) ?? `outcomes: ${listed(names)}`,
        )
    return Object.entries(named).map(([outcome, columns]) => ({ outcome, ...columns }))
  }
  if (without === undefined || withTreatment === undefined) {
    refuse(path, "'units' has to say what units come to without and with the treatment", hint)
    return []
  }
  if (names.length > 1)
    refuse(path, `'without' and 'with' are of one outcome, and there are ${names.length}`, hint)
  return names.slice(0, 1).map((outcome) => ({ outcome, without, with: withTreatment, scale: scale ?? 1 }))
}
