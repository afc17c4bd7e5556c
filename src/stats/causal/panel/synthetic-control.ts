import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { makeRandom } from '../../random/philox.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { never, type Panel } from './panel.ts'
import { simplexWeights } from './simplex-weights.ts'

/** Who is treated, when, and who stands for them. */
interface Blocks {
  readonly treated: readonly number[]
  readonly controls: readonly number[]
  /** Periods before treatment, and all. */
  readonly before: number
  readonly width: number
  readonly rowOf: (unit: number) => Float64Array
}

function blocksOf(panel: Panel): Blocks | Refusal {
  const times = [...new Set(panel.firstTreated)].filter((first) => first !== never)
  if (times.length !== 1) return refuse(`treatment has to begin once, and begins in ${times.length} periods`)
  const before = panel.periods.findIndex((period) => period >= times[0]!)
  if (before < 2) return refuse('two periods before treatment are needed, and one after')
  const units = Array.from({ length: panel.units }, (_, unit) => unit)
  const controls = units.filter((unit) => panel.firstTreated[unit] === never)
  if (controls.length < 2)
    return refuse(`two units never treated are needed, and there are ${controls.length}`)
  const width = panel.periods.length
  return {
    treated: units.filter((unit) => panel.firstTreated[unit] !== never),
    ...{ controls, before, width },
    rowOf: (unit) => panel.outcome.subarray(unit * width, (unit + 1) * width),
  }
}

export interface SyntheticControl {
  /** Mean gap after treatment. */
  readonly estimate: number
  /** Outcome less that of the synthetic unit, period by period. */
  readonly gaps: readonly number[]
  /** Of each unit of the panel, 0 of treated ones. */
  readonly weights: Float64Array
  /** Root mean squared gaps before and after. */
  readonly errorBefore: number
  readonly errorAfter: number
  /** Share of placebos, the treated among them, whose ratio of errors after and before is at least as large. */
  readonly pValue: number
  readonly placebos: number
}

/**
 * A synthetic control: untreated units weighted so as to move as the treated ones (their mean) did before treatment.
 *
 * Weights are 0 or more, sum to 1 and fit all outcomes before treatment alike. The p-value is of placebos in space: every
 * untreated unit takes the treatment's place, the others standing for it; with several treated units groups of as many, `draws`
 * of them, since means of several are steadier than one. With few periods before and many untreated units fits are perfect by chance, and
 * the p-value is too small. Source: Abadie, Diamond, Hainmueller (2010), JASA 105,
 * sections 2.3 and 3.4. Refuses treatment that begins at several times, fewer than 2 periods before it, fewer than 2 untreated
 * units.
 */
export function syntheticControl(
  panel: Panel,
  { draws = 200, seed = 1 }: { readonly draws?: number; readonly seed?: number } = {},
): SyntheticControl | Refusal {
  const blocks = blocksOf(panel)
  if (isRefused(blocks)) return blocks
  const { treated, controls, before } = blocks
  if (controls.length <= treated.length)
    return refuse(
      `placebos need more untreated units than treated ones: ${controls.length} and ${treated.length}`,
    )
  const own = fitSynthetic(blocks, meanRow(blocks, treated), controls)
  const ratio = (fit: Synthetic) => fit.errorAfter / fit.errorBefore
  const placebos = placeboGroups(controls, treated.length, draws, seed).map((group) =>
    fitSynthetic(
      blocks,
      meanRow(blocks, group),
      controls.filter((other) => !group.includes(other)),
    ),
  )
  // A ratio of 0 to 0 says nothing, so it counts against the effect.
  const asLarge = placebos.filter((fit) => !(ratio(fit) < ratio(own))).length
  const weights = new Float64Array(panel.units)
  for (const [index, unit] of controls.entries()) weights[unit] = own.weights[index]!
  return {
    estimate: meanOf(own.gaps.slice(before)),
    gaps: own.gaps,
    weights,
    errorBefore: own.errorBefore,
    errorAfter: own.errorAfter,
    pValue: (asLarge + 1) / (placebos.length + 1),
    placebos: placebos.length,
  }
}

/** Every unit, or random groups of a size. */
function placeboGroups(controls: readonly number[], size: number, draws: number, seed: number): number[][] {
  if (size === 1) return controls.map((unit) => [unit])
  const random = makeRandom(seed)
  return Array.from({ length: draws }, () => {
    const order = [...controls]
    random.shuffle(order)
    return order.slice(0, size)
  })
}

interface Synthetic {
  readonly weights: Float64Array
  readonly gaps: readonly number[]
  readonly errorBefore: number
  readonly errorAfter: number
}

function fitSynthetic(
  { before, width, rowOf }: Blocks,
  row: Float64Array,
  controls: readonly number[],
): Synthetic {
  const weights = simplexWeights({
    columns: controls.map((unit) => rowOf(unit).subarray(0, before)),
    target: row.subarray(0, before),
  })
  const gaps = Array.from({ length: width }, (_, time) =>
    controls.reduce((left, unit, index) => left - weights[index]! * rowOf(unit)[time]!, row[time]!),
  )
  const error = (values: readonly number[]) => Math.sqrt(meanOf(values.map((gap) => gap * gap)))
  return { weights, gaps, errorBefore: error(gaps.slice(0, before)), errorAfter: error(gaps.slice(before)) }
}

function meanRow({ width, rowOf }: Blocks, units: readonly number[]): Float64Array {
  return Float64Array.from({ length: width }, (_, time) => meanOf(units.map((unit) => rowOf(unit)[time]!)))
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export interface SyntheticDifference extends Inference {
  /** Of each unit of the panel, those of the untreated summing to 1. */
  readonly unitWeights: Float64Array
  /** Of each period before treatment. */
  readonly timeWeights: Float64Array
}

/**
 * Synthetic difference in differences: untreated units weighted to run parallel to the treated before treatment, and periods before
 * it weighted to stand for those after.
 *
 * The unit weights have a ridge of ζ² per period, ζ = (N₁T₁)^¼·σ̂ with σ̂ the standard deviation of the untreated's first
 * differences; the time weights one of 1e-6·σ̂; both an intercept. The variance is that of placebos: as many untreated units as were
 * treated take their place, `draws` times. Source: Arkhangelsky, Athey, Hirshberg, Imbens, Wager (2021), AER 111, algorithms 1 and 4.
 * Refuses what `syntheticControl` does, and as many treated as untreated units.
 */
export function syntheticDifferenceInDifferences(
  panel: Panel,
  {
    draws = 200,
    seed = 1,
    ...options
  }: InferenceOptions & { readonly draws?: number; readonly seed?: number } = {},
): SyntheticDifference | Refusal {
  const blocks = blocksOf(panel)
  if (isRefused(blocks)) return blocks
  const { treated, controls } = blocks
  if (controls.length <= treated.length)
    return refuse(
      `placebos need more untreated units than treated ones: ${controls.length} and ${treated.length}`,
    )
  const own = doubleDifference(blocks, treated, controls)
  const random = makeRandom(seed)
  const placebos = Array.from({ length: draws }, () => {
    const order = [...controls]
    random.shuffle(order)
    return doubleDifference(blocks, order.slice(0, treated.length), order.slice(treated.length)).estimate
  })
  const mean = meanOf(placebos)
  // The authors divide by the number of draws.
  const stdError = Math.sqrt(meanOf(placebos.map((effect) => (effect - mean) ** 2)))
  const result = waldInference(own.estimate, stdError, Infinity, options)
  if (isRefused(result)) return result
  const unitWeights = new Float64Array(panel.units)
  for (const [index, unit] of controls.entries()) unitWeights[unit] = own.unitWeights[index]!
  return { ...result, unitWeights, timeWeights: own.timeWeights }
}

function doubleDifference(
  blocks: Blocks,
  treated: readonly number[],
  controls: readonly number[],
): { readonly estimate: number; readonly unitWeights: Float64Array; readonly timeWeights: Float64Array } {
  const { before, width, rowOf } = blocks
  const after = width - before
  const noise = differencesDeviation(blocks, controls)
  const zeta = (treated.length * after) ** 0.25 * noise
  const target = meanRow(blocks, treated)
  const unitWeights = simplexWeights({
    columns: controls.map((unit) => rowOf(unit).subarray(0, before)),
    target: target.subarray(0, before),
    ridge: zeta ** 2,
    intercept: true,
  })
  const lateMeans = Float64Array.from(controls, (unit) => meanOf([...rowOf(unit).subarray(before)]))
  const timeWeights = simplexWeights({
    columns: Array.from({ length: before }, (_, time) =>
      Float64Array.from(controls, (unit) => rowOf(unit)[time]!),
    ),
    target: lateMeans,
    ridge: (1e-6 * noise) ** 2,
    intercept: true,
  })
  const change = (row: Float64Array) =>
    meanOf([...row.subarray(before)]) -
    timeWeights.reduce((sum, weight, time) => sum + weight * row[time]!, 0)
  const expected = controls.reduce((sum, unit, index) => sum + unitWeights[index]! * change(rowOf(unit)), 0)
  return { estimate: change(target) - expected, unitWeights, timeWeights }
}

/** The standard deviation of the changes from period to period before treatment, of all untreated units. */
function differencesDeviation({ before, rowOf }: Blocks, controls: readonly number[]): number {
  const changes = controls.flatMap((unit) =>
    Array.from({ length: before - 1 }, (_, time) => rowOf(unit)[time + 1]! - rowOf(unit)[time]!),
  )
  const mean = meanOf(changes)
  return Math.sqrt(changes.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (changes.length - 1))
}
