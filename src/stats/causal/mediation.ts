import { type Inference, waldInference } from '../inference.ts'
import { isRefused, type Refusal } from '../refusal.ts'
import { type Design, weightedSums, withIntercept } from '../regression/design.ts'
import { fitLeastSquares, type LeastSquaresFit } from '../regression/least-squares.ts'
import { type EffectOptions, errorOfInfluence } from './effect.ts'

/** Units with what treatment moves on its way to the outcome. */
export interface MediatedUnits {
  readonly n: number
  readonly treatment: ArrayLike<number>
  readonly outcome: Float64Array
  readonly mediators: readonly Float64Array[]
  /** Covariates held fixed in every regression. */
  readonly covariates: readonly Float64Array[]
}

export interface MediationEffects {
  /** What treatment does while the mediators stay as without it (NDE). */
  readonly direct: Inference
  /** What the mediators' change does to the treated (NIE). */
  readonly indirect: Inference
  readonly total: Inference
  /** Part of the total that goes through the mediators; NaN where the total is 0. */
  readonly shareMediated: number
}

/**
 * Natural direct and indirect effects, from linear models of mediators and outcome in which treatment and mediators may
 * interact.
 *
 * With M = β₀ + β₁T + β₂X and Y = θ₀ + θ₁T + θ₂M + θ₃TM + θ₄X: direct θ₁ + θ₃·E[M without], indirect (θ₂ + θ₃)·β₁, summed over
 * mediators. Errors by the influence functions of all regressions, without a small-sample factor. Source: Pearl (2001),
 * "Direct and indirect effects"; VanderWeele and Vansteelandt (2009), Statistics and Its Interface 2, eq. 3. Refuses
 * collinear columns.
 */
export function naturalEffects(
  units: MediatedUnits,
  { interaction = false, ...options }: EffectOptions & { readonly interaction?: boolean } = {},
): MediationEffects | Refusal {
  const { n, outcome, mediators, covariates } = units
  const treatment = Float64Array.from(units.treatment)
  const first = withIntercept(n, [treatment, ...covariates])
  const models: LeastSquaresFit[] = []
  for (const mediator of mediators) {
    const model = fitLeastSquares(first, mediator)
    if (isRefused(model)) return model
    models.push(model)
  }
  const products = interaction
    ? mediators.map((mediator) => mediator.map((value, unit) => value * treatment[unit]!))
    : []
  const second = withIntercept(n, [treatment, ...mediators, ...products, ...covariates])
  const last = fitLeastSquares(second, outcome)
  if (isRefused(last)) return last
  const shape = { n, first, models, last, mediators: mediators.length, interaction }
  const direct = directEffect(shape)
  const indirect = indirectEffect(shape)
  const total = {
    estimate: direct.estimate + indirect.estimate,
    influence: direct.influence.map((value, unit) => value + indirect.influence[unit]!),
  }
  const results = [direct, indirect, total].map((effect) => inferenceOf(effect, options))
  const refused = results.find(isRefused)
  if (refused) return refused
  const [a, b, c] = results as [Inference, Inference, Inference]
  return {
    direct: a,
    indirect: b,
    total: c,
    shareMediated: c.estimate === 0 ? Number.NaN : b.estimate / c.estimate,
  }
}

/**
 * The effect of a treatment whose causes are hidden, through mediators that carry all of it (frontdoor): the product of what
 * it does to them and what they do to the outcome, treatment held fixed.
 *
 * Source: Pearl (1995), "Causal diagrams for empirical research", theorem 2, for linear models. Errors as in
 * `naturalEffects`. With few values of one mediator `frontdoorCells` supposes no lines.
 */
export function frontdoorEffect(units: MediatedUnits, options: EffectOptions = {}): Inference | Refusal {
  const result = naturalEffects(units, options)
  return isRefused(result) ? result : result.indirect
}

interface Fitted {
  readonly n: number
  readonly first: Design
  /** Of each mediator on treatment and covariates. */
  readonly models: readonly LeastSquaresFit[]
  /** Of the outcome. */
  readonly last: LeastSquaresFit
  readonly mediators: number
  readonly interaction: boolean
}

interface Effect {
  readonly estimate: number
  readonly influence: Float64Array
}

function directEffect({ n, first, models, last, mediators, interaction }: Fitted): Effect {
  const influence = new Float64Array(n)
  const gradient = last.coefficients.map(() => 0)
  gradient[1] = 1
  let estimate = last.coefficients[1]!
  if (interaction) {
    // The mean of the mediators without treatment: the mean row with treatment 0.
    const row = weightedSums(first, new Float64Array(n).fill(1 / n))
    row[1] = 0
    for (const [index, model] of models.entries()) {
      const slope = last.coefficients[2 + mediators + index]!
      const without = row.reduce((sum, value, place) => sum + value * model.coefficients[place]!, 0)
      estimate += slope * without
      gradient[2 + mediators + index] = without
      model.addInfluence(
        influence,
        row.map((value) => value * slope),
      )
      for (let unit = 0; unit < n; unit++)
        influence[unit]! +=
          slope * (model.fitted[unit]! - first.columns[1]![unit]! * model.coefficients[1]! - without)
    }
  }
  last.addInfluence(influence, gradient)
  return { estimate, influence }
}

function indirectEffect({ n, models, last, mediators, interaction }: Fitted): Effect {
  const influence = new Float64Array(n)
  const gradient = last.coefficients.map(() => 0)
  let estimate = 0
  for (const [index, model] of models.entries()) {
    const moved = model.coefficients[1]!
    const slope =
      last.coefficients[2 + index]! + (interaction ? last.coefficients[2 + mediators + index]! : 0)
    estimate += slope * moved
    gradient[2 + index] = moved
    if (interaction) gradient[2 + mediators + index] = moved
    model.addInfluence(
      influence,
      model.coefficients.map((_, place) => (place === 1 ? slope : 0)),
    )
  }
  last.addInfluence(influence, gradient)
  return { estimate, influence }
}

function inferenceOf({ estimate, influence }: Effect, options: EffectOptions): Inference | Refusal {
  const { stdError, degreesOfFreedom } = errorOfInfluence(influence, options.clusters)
  return waldInference(estimate, stdError, degreesOfFreedom, options)
}
