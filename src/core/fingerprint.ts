import type { NodeId } from './node.ts'

/*
 * What a node's result depends on, as short hashes that can be stored with what was published and compared later.
 * Layout and comments of SQL are no part of it.
 */

export interface NodeFingerprint {
  /** The node's own file or declaration, as written. */
  readonly body: string
  /** What it comes to: SQL after templates, without layout and comments. The same as body where nothing is rendered. */
  readonly compiled: string
  /** Configuration that decides how the node is built. */
  readonly config: string
  /** The macros that its template may call, by name. */
  readonly macros: Readonly<Record<string, string>>
  /** The nodes that it reads, each with all that it depends on. */
  readonly upstream: Readonly<Record<NodeId, string>>
  /** All of the above that decides about the result. */
  readonly whole: string
  /**
   * The same without where the times of a node begin that is built by time: what decides about the rows of one stretch.
   */
  readonly version?: string
}

/** What became of a node's definition since it was last published. */
export interface NodeChange {
  readonly kind: 'new' | 'modified' | 'unchanged' | 'unknown'
  /** Why, for a person. */
  readonly why: string
}

/** Compares the fingerprint of what is published with that of the project now. */
export function changeSince(
  before: NodeFingerprint,
  now: NodeFingerprint,
  nameOf: (id: NodeId) => string,
): NodeChange {
  const reasons: string[] = []
  if (before.compiled !== now.compiled) reasons.push(whyCompiledChanged(before, now))
  if (before.config !== now.config) reasons.push('its config changed')
  const changed = changedKeys(before.upstream, now.upstream)
  if (changed.length > 0) reasons.push(`what it reads changed: ${changed.map(nameOf).join(', ')}`)
  return reasons.length > 0
    ? { kind: 'modified', why: reasons.join('; ') }
    : { kind: 'unchanged', why: 'same definition as what is published' }
}

function whyCompiledChanged(before: NodeFingerprint, now: NodeFingerprint): string {
  const macros = changedKeys(before.macros, now.macros)
  const calls = macros.length === 0 ? '' : `macro ${macros.join(', ')} changed`
  if (before.body !== now.body) return calls === '' ? 'its own code changed' : `its own code and ${calls}`
  return calls === '' ? 'a var, an environment variable or the target changed' : calls
}

/** Keys with another value, or on one side only. */
function changedKeys(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...keys].filter((key) => before[key] !== now[key]).sort()
}
