import { type Problem, ProblemError } from '../core/problem.ts'
import type { BatchResult } from '../core/run-result.ts'

/** Thrown when batches of a model failed, with what became of each. */
export class BatchesError extends ProblemError {
  readonly batches: readonly BatchResult[]

  constructor(problems: readonly Problem[], batches: readonly BatchResult[]) {
    super(problems)
    this.name = 'BatchesError'
    this.batches = batches
  }
}
