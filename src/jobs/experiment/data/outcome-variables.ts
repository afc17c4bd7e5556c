import type { ExperimentOutcome, ExperimentSpec } from '../../../core/experiment-spec.ts'

/** The columns of the units' relation that an outcome reads, in the order of its cells' variables. */
export interface OutcomeVariables {
  readonly outcome: ExperimentOutcome
  /** 'y' (of a ratio 'y', 'd'), then 'x1', 'x2' … (of a ratio 'x1', 'xd1' …). */
  readonly names: readonly string[]
  readonly columns: readonly string[]
  /** How many of them are the outcome itself: 2 for a ratio. */
  readonly own: 1 | 2
}

/** What the outcomes of an experiment over a units' relation read of it. */
export function outcomeVariables(spec: ExperimentSpec): OutcomeVariables[] {
  return spec.outcomes.map((outcome) => {
    const { source, covariates } = outcome
    if (source.from === 'metrics') return keptVariables(outcome, source)
    if (source.kind !== 'ratio')
      return {
        outcome,
        names: ['y', ...covariates.map((_, index) => `x${index + 1}`)],
        columns: [source.column, ...covariates],
        own: 1,
      }
    return {
      outcome,
      names: ['y', 'd', ...covariates.map((_, index) => `x${index % 2 ? 'd' : ''}${(index >> 1) + 1}`)],
      columns: [source.numerator, source.denominator, ...covariates],
      own: 2,
    }
  })
}

/** The columns in which a set of metrics keeps what its units came to. */
function keptVariables(
  outcome: ExperimentOutcome,
  { metric, kind }: Extract<ExperimentOutcome['source'], { from: 'metrics' }>,
): OutcomeVariables {
  const own = kind === 'ratio' ? [metric, `${metric}__denominator`] : [metric]
  const before = outcome.covariates.length > 0 ? own.map((column) => `${column}__before`) : []
  const names = kind === 'ratio' ? ['y', 'd', 'x1', 'xd1'] : ['y', 'x1']
  const columns = [...own, ...before]
  return { outcome, names: names.slice(0, columns.length), columns, own: kind === 'ratio' ? 2 : 1 }
}

/** The arms that units may be in. */
export function armsOf(spec: Pick<ExperimentSpec, 'control' | 'treatments' | 'holdout'>): readonly string[] {
  return [spec.control, ...spec.treatments, ...(spec.holdout === undefined ? [] : [spec.holdout])]
}

/** What an outcome is of a unit: its kind, with the yes/no ones under one name. */
export function outcomeKind({ source }: ExperimentOutcome): 'mean' | 'proportion' | 'ratio' | 'quantile' {
  switch (source.kind) {
    case 'ratio':
    case 'quantile':
      return source.kind
    case 'proportion':
    case 'retention':
    case 'funnel':
      return 'proportion'
    default:
      return 'mean'
  }
}
