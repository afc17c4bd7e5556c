import { type Problem, ProblemError } from '../core/problem.ts'
import type { BatchResult } from '../core/run-result.ts'
import type { StepOutcome } from './run-context.ts'

/** Thrown when batches of a model failed, with what became of each. */
export class BatchesError extends ProblemError {
  readonly batches: readonly BatchResult[]
  /** What the others have made, where that is live already. */
  readonly outcome: StepOutcome | undefined

  constructor(problems: readonly Problem[], batches: readonly BatchResult[], outcome?: StepOutcome) {
    super(problems)
    this.name = 'BatchesError'
    this.batches = batches
    this.outcome = outcome
  }
}
