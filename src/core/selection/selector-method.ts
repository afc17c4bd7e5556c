import { quotedList } from '../did-you-mean.ts'
import type { Manifest } from '../manifest.ts'
import type { Node } from '../node.ts'
import type { Problem } from '../problem.ts'
import type { PreviousState } from './previous-state.ts'

/*
 * What a method of the selection grammar is; the methods themselves are rows of tables.
 */

/** What methods may look at besides the node. */
export interface SelectorContext {
  readonly manifest: Manifest
  /** What was before, for the methods that compare with it. */
  readonly state?: PreviousState
  /** Takes what a method finds worth a warning on its way. */
  readonly warn?: (problem: Problem) => void
}

/** A criterion's method with its arguments and value, as it was written. */
export interface MethodCall {
  readonly arguments: readonly string[]
  readonly value: string
}

/** Why a call is not understood, and what would be. */
export interface Refusal {
  readonly message: string
  readonly allowed: readonly string[]
}

export interface SelectorMethod {
  /** What is wrong with the call, and what is allowed instead; nothing when it is fine. */
  readonly refuse?: (call: MethodCall) => Refusal | null
  /** A test for the nodes that the call selects. */
  readonly matcher: (call: MethodCall, context: SelectorContext) => (node: Node) => boolean
  /** The values that would select this node, for suggestions. */
  readonly values: (node: Node) => readonly string[]
  /** What to try when a value that looks right selects nothing. */
  readonly advice?: (value: string) => string | undefined
  /** Whether selecting nothing is an answer like any other: nothing has changed, nothing failed. */
  readonly mayBeEmpty?: boolean
}

/** Refuses a value that has more parts than the longest of its forms. */
export function partsWithin(value: string, forms: readonly string[]): Refusal | null {
  if (value.split('.').length <= forms.length) return null
  return { message: `'${value}' has too many parts`, allowed: forms }
}

/** Refuses a value that is not among those allowed. */
export function oneOf(value: string, allowed: readonly string[]): Refusal | null {
  if (allowed.includes(value)) return null
  return { message: `it must be ${quotedList(allowed)}, not '${value}'`, allowed }
}
