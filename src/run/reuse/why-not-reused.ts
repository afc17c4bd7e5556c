import { relationKey } from '../../core/node.ts'
import type { Premise } from '../../core/premise.ts'
import type { ObservedRelation } from '../../warehouse/index.ts'
import type { RowNode } from './reuse-terms.ts'

/** What is so now of a relation with rows and of what it was made from. */
export interface ReuseFacts {
  readonly premise: Premise | undefined
  /** The hash of the SQL that this run would send; null where that is not known without asking the database. */
  readonly text: string | null
  readonly circumstances: string
  /** By relation key. */
  readonly observed: ReadonlyMap<string, ObservedRelation>
  /** The premises of all relations, by relation key: views tell there what they call. */
  readonly premises: ReadonlyMap<string, Premise>
  /** Who may have changed a table without the server having counted it yet, by oid. */
  readonly writers: ReadonlyMap<number, string>
  /** Calls that may give another value each time, with what to say of them. */
  readonly unsure: ReadonlyMap<string, string>
}

/**
 * Why a relation whose definition is unchanged is made again all the same; null for one that would come out the same,
 * as far as it alone is concerned.
 */
export function whyNotReused(node: RowNode, facts: ReuseFacts): string | null {
  const { premise } = facts
  if (!premise) return 'what it was made from is not recorded'
  const increments = node.resourceType === 'snapshot' || isIncremental(node)
  if (increments && !premise.settled)
    return premise.action === 'increment'
      ? 'its last increment brought rows, so the next one may'
      : 'only an increment tells whether there is nothing to add'
  return (
    whyOwn(relationKey(node.relation), premise, facts.observed) ??
    whySql(premise, facts) ??
    whyCalls(premise, facts) ??
    whyInputs(premise, facts) ??
    whyWriters(relationKey(node.relation), premise, facts)
  )
}

function isIncremental(node: RowNode): boolean {
  return node.resourceType === 'model' && node.materialized === 'incremental'
}

function whyOwn(
  key: string,
  { state }: Premise,
  observed: ReadonlyMap<string, ObservedRelation>,
): string | null {
  const now = observed.get(key)?.state ?? null
  if (state === null || now === null) return `whether ${key} was changed cannot be told`
  return state === now ? null : `${key} was changed since, and not by a run`
}

function whySql(premise: Premise, { text, circumstances }: ReuseFacts): string | null {
  if (text === null || premise.text === null) return 'its template asks the database'
  if (text !== premise.text) return 'its SQL is another in this run'
  return circumstances === premise.circumstances ? null : 'settings of the session or its contract changed'
}

/** What it calls, and what the views call that it reads. */
function whyCalls({ calls, inputs }: Premise, { observed, premises, unsure }: ReuseFacts): string | null {
  const own = calls.find((name) => unsure.has(name))
  if (own !== undefined) return `it ${unsure.get(own)}`
  for (const key of Object.keys(inputs))
    for (const [view, version] of Object.entries(observed.get(key)?.views ?? {})) {
      const known = premises.get(view)
      if (known?.state !== version) return `${view} is a view, and what it calls is not known`
      const call = known.calls.find((name) => unsure.has(name))
      if (call !== undefined) return `the view ${view}, which it reads, ${unsure.get(call)}`
    }
  return null
}

function whyInputs({ inputs }: Premise, { observed }: ReuseFacts): string | null {
  for (const [key, before] of Object.entries(inputs)) {
    const now = observed.get(key)
    if (!now) return `${key}, which it read, is not there any more`
    if (now.state === null || before === null) return `whether ${key} has changed cannot be told`
    if (now.state !== before) return `${key} has changed`
  }
  return null
}

function whyWriters(own: string, { inputs }: Premise, { observed, writers }: ReuseFacts): string | null {
  for (const key of [...Object.keys(inputs), own])
    for (const table of observed.get(key)?.tables ?? []) {
      const who = writers.get(table)
      if (who !== undefined) return `${key} may have changed: ${who} was at work a moment ago`
    }
  return null
}
