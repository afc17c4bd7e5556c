import type { StepAction } from './plan.ts'

/**
 * What a published relation rests on. While all of it is still so, making the relation again would give the same rows.
 */
export interface Premise {
  readonly action: StepAction | 'view'
  /** A hash of the SQL that it was made with; null for SQL that is not known without asking the database. */
  readonly text: string | null
  /** A hash of all else that has a say in its rows: settings of the session, what is said of columns. */
  readonly circumstances: string
  /** The state in which it was published. */
  readonly state: string | null
  /** The states of what it was made from, by relation key; null for unknown. */
  readonly inputs: Readonly<Record<string, string | null>>
  /** What its SQL may call: see `callsInSql`. */
  readonly calls: readonly string[]
  /** For an increment: whether it brought nothing, so that another of the same would bring nothing either. */
  readonly settled: boolean
}
