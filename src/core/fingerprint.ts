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
  /** Of an incremental model, by what its rows are made. */
  readonly making?: RowMaking
}

/**
 * By what the rows of a table are made that outlives its definition. Two tell more than one: a var of the day makes
 * other rows of the same words each night, and other words may say the same.
 */
export interface RowMaking {
  /** What is written of the node and of all that it reads, whatever vars and data they are given. */
  readonly written: string
  /** What that comes to. */
  readonly result: string
}

/** A definition as it is kept with what was published. */
export interface PublishedDefinition extends NodeFingerprint {
  /** Names the making of the newest rows of an incremental model: the ledger of its times knows it by this. */
  readonly version?: string
  /** Versions that made rows of it before, which may still be there. */
  readonly older?: readonly string[]
}

/** Which versions of its definition an incremental model has rows of. */
export interface TableHistory {
  /** The version of what this run builds. */
  readonly version: string
  /** Others whose rows the table may keep; none of a table that is built anew. */
  readonly older: readonly string[]
  /** What is other in this run than in the one before, for a person; null where nothing is. */
  readonly why: string | null
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

/** The history of a table that is carried on by its model as it is now; without a record it is taken for its own. */
export function historyOf(
  before: PublishedDefinition | undefined,
  now: NodeFingerprint,
  nameOf: (id: NodeId) => string,
): TableHistory {
  const { written } = now.making!
  if (!before) return { version: written, older: [], why: null }
  const isOther = isMadeOtherwise(before, now)
  // An earlier release gave no names.
  const last = before.version ?? (isOther ? before.whole : written)
  const version = isOther ? written : last
  const older = [...new Set([...(before.older ?? []), last])].filter((one) => one !== version)
  return { version, older, why: isOther ? changeSince(before, now, nameOf).why : null }
}

function isMadeOtherwise(before: PublishedDefinition, now: NodeFingerprint): boolean {
  const [then, making] = [before.making, now.making!]
  if (then) return then.written !== making.written && then.result !== making.result
  // Kept by an earlier release, which noted no more than this.
  const isWrittenAnew = before.body !== now.body || changedKeys(before.macros, now.macros).length > 0
  return before.compiled !== now.compiled && isWrittenAnew
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
