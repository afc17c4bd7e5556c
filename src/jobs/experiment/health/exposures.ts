import { wholePopulation } from '../data/cell-index.ts'
import { armsOf } from '../data/outcome-variables.ts'
import { stratifiedMethods } from '../design-refusal.ts'
import {
  count,
  type Finding,
  type HealthCheckFunction,
  type HealthInput,
  notEvaluated,
  percent,
  verdictOfShare,
} from './finding.ts'

/*
 * What the exposures say: units in several arms, units that were there before it began, too few of them. Thresholds
 * are shares of the units, of the last a count.
 */

const policies = {
  exclude: 'they are left out',
  first_arm: 'they count in their first arm',
  fail: 'none is allowed',
}

/** Share of units that were seen in more than one arm, or that stand in the units' relation more than once. */
export const checkCrossovers: HealthCheckFunction = ({ spec, evidence, rule }) => {
  const { units, crossovers, duplicates } = evidence.facts
  if (spec.switchback) return [notEvaluated('in a switchback every unit sees all arms')]
  if (crossovers === null) return [notEvaluated('the data hold one arm for each unit')]
  if (units === 0) return [notEvaluated('there are no units')]
  const twice = duplicates ?? 0
  const share = (crossovers + twice) / units
  const { data } = spec
  const policy = data.kind === 'exposures' ? policies[data.crossovers] : 'they count once in each arm'
  const isForbidden = data.kind === 'exposures' && data.crossovers === 'fail' && crossovers > 0
  const again = twice > 0 ? `; ${count(twice)} stand in one arm several times` : ''
  return [
    {
      verdict: isForbidden ? 'fail' : verdictOfShare(share, rule.threshold),
      observed: share,
      message: `${count(crossovers)} of ${count(units)} units (${percent(crossovers / units)}) were seen in more than one arm; ${policy}${again}`,
      diagnostics: { units, crossovers, duplicates },
    },
  ]
}

/** Share of units whose first exposure was before the experiment began. */
export const checkExposureBeforeAssignment: HealthCheckFunction = ({ evidence, rule }) => {
  const { units, exposedBefore } = evidence.facts
  if (exposedBefore === null)
    return [notEvaluated('the data do not say when units were exposed and when the experiment began')]
  if (units === 0) return [notEvaluated('there are no units')]
  const share = exposedBefore / units
  return [
    {
      verdict: verdictOfShare(share, rule.threshold),
      observed: share,
      message: `${count(exposedBefore)} of ${count(units)} units (${percent(share)}) were exposed before the experiment began`,
      diagnostics: { units, exposed_before: exposedBefore },
    },
  ]
}

/** Units of the smallest arm; the segments in which an arm is smaller than that; and strata that lack an arm. */
export const checkTooFewUnits: HealthCheckFunction = (input) => {
  const { spec, index, rule } = input
  const { threshold } = rule
  const arms = armsOf(spec)
  const smallestOf = (scope?: (typeof index.scopes)[number]) =>
    arms
      .map((arm) => ({ arm, units: index.unitsOf(arm, scope) }))
      .reduce((least, one) => (one.units < least.units ? one : least))
  const { arm, units } = smallestOf()
  const small = index.scopes
    .filter(({ segmentName }) => segmentName !== null)
    .map((scope) => ({ ...scope, units: smallestOf(scope).units }))
    .filter((scope) => scope.units < threshold)
  const names = small.map((scope) => `${scope.segmentName} = ${scope.segmentValue} (${scope.units})`)
  const inSegments = names.length > 0 ? `; fewer in segments: ${names.join(', ')}` : ''
  return [
    {
      verdict: units < threshold ? 'fail' : units < 2 * threshold || small.length > 0 ? 'warn' : 'ok',
      observed: units,
      message: `the smallest arm, '${arm}', has ${count(units)} units; at least ${count(threshold)} are asked for${inSegments}`,
      diagnostics: { arm, units, small_segments: small },
    },
    ...strataLeftOut(input),
  ]
}

const namedStrata = 5

/** Methods that compare arms within strata have nothing to compare where one is not there. */
function strataLeftOut({ spec, index }: HealthInput): Finding[] {
  const methods = spec.methods.filter((method) => stratifiedMethods.includes(method))
  if (methods.length === 0) return []
  return spec.treatments.flatMap((treatment): Finding[] => {
    const strata = index.strata
      .map((stratum) => {
        const [own, control] = [treatment, spec.control].map((arm) =>
          index.unitsOf(arm, wholePopulation, { stratum }),
        )
        return {
          stratum,
          lacks: own === 0 ? treatment : spec.control,
          units: Math.max(own!, control!),
          own,
          control,
        }
      })
      .filter(({ own, control, units }) => units > 0 && (own === 0 || control === 0))
    if (strata.length === 0) return []
    const units = strata.reduce((sum, stratum) => sum + stratum.units, 0)
    const names = strata.slice(0, namedStrata).map(({ stratum, lacks }) => `${stratum} (no '${lacks}')`)
    const more = strata.length > names.length ? ` and ${strata.length - names.length} more` : ''
    return [
      {
        treatment,
        verdict: 'warn',
        observed: units,
        message: `${count(units)} units are left out by ${methods.join(' and ')}, since their strata lack an arm: ${names.join(', ')}${more}`,
        diagnostics: {
          strata_left_out: strata.map(({ stratum, lacks, units }) => ({ stratum, lacks, units })),
        },
      },
    ]
  })
}
