import type { Place } from './problem.ts'

/** A column that a job names, of something that it reads. */
export interface JobColumnRead {
  readonly ref: string
  readonly column: string
  readonly place: Place
}
