import type { NodeBase, Relation } from './node-base.ts'
import type { Place, Problem } from './problem.ts'

export interface FunctionArgument {
  readonly name: string
  readonly dataType: string
  readonly description?: string
  /** The SQL of its default. */
  readonly defaultValue?: string | number | boolean
}

/** What a call of a function gives. */
export interface FunctionReturns {
  readonly dataType: string
  readonly description?: string
}

/** The same function for other arguments; its body is a file of its own. */
export interface FunctionOverload {
  readonly definedIn: string
  readonly arguments: readonly FunctionArgument[]
  /** What the function itself returns where nothing is said. */
  readonly returns?: FunctionReturns
  readonly description?: string
  readonly rawCode: string
  /** Where its file begins. */
  readonly place: Place
}

/** A function of the database. */
export interface FunctionNode extends NodeBase {
  readonly resourceType: 'function'
  /** Where it stands; functions have names of their own beside those of tables and views. */
  readonly relation: Relation
  readonly rawCode: string
  readonly checksum: string
  readonly arguments: readonly FunctionArgument[]
  readonly returns: FunctionReturns
  readonly overloads: readonly FunctionOverload[]
  readonly volatility?: 'deterministic' | 'stable' | 'non-deterministic'
  readonly group?: string
  /** Why it cannot be made, for those to know who run it. */
  readonly refusal?: Problem
}
