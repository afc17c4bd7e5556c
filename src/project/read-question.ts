import type { z } from 'zod'
import type { CausalOutcome } from '../core/causal-spec.ts'
import type { RowCondition } from '../core/did-spec.ts'
import { type Refuse, refuseTwice } from './job-parts.ts'
import type { condition, outcome } from './question-schema.ts'
import type { YamlPath } from './yaml-document.ts'

/*
 * Parts that questions of cause and effect share, as they are read.
 */

type OutcomeYaml = z.infer<typeof outcome>

/** The outcomes, one or several, each of its own name. */
export function readOutcomes(
  {
    outcome,
    outcomes,
  }: { readonly outcome?: OutcomeYaml | undefined; readonly outcomes?: readonly OutcomeYaml[] | undefined },
  refuse: Refuse,
): CausalOutcome[] {
  if (outcome && outcomes) refuse(['outcome'], "there are both 'outcome' and 'outcomes'", 'keep one of them')
  const all = outcomes ?? (outcome ? [outcome] : [])
  if (all.length === 0)
    refuse([], "'outcome' is missing", 'write outcome: <column of what may have been changed>')
  const read = all.map(({ name, column, description, better, claim }) => ({
    name: name ?? column,
    column,
    description,
    ...(better && { better }),
    ...(claim && { claim: { value: claim.value, ...(claim.by !== undefined && { by: claim.by }) } }),
  }))
  refuseTwice(
    read.map(({ name }) => name),
    (index) => ['outcomes', index],
    'outcome',
    refuse,
  )
  return read
}

/** The level of intervals, which may be said in two ways. */
export function readLevel(
  { ci_level: level, alpha }: { readonly ci_level?: number | undefined; readonly alpha?: number | undefined },
  refuse: Refuse,
): number {
  if (level !== undefined && alpha !== undefined)
    refuse(['alpha'], "'alpha' and 'ci_level' say the same", 'keep one of them: alpha 0.05 is ci_level 0.95')
  return level ?? (alpha === undefined ? 0.95 : Number((1 - alpha).toPrecision(12)))
}

/** Rows of which all of these hold. */
export function readConditions(where: readonly z.infer<typeof condition>[] | undefined): RowCondition[] {
  return (where ?? []).map(({ column, values }) => ({ column, ...(values && { values }) }))
}

/** Where each outcome's column stands: there may be one outcome or several, in short or with keys. */
export function outcomePaths({
  outcome,
  outcomes,
}: {
  readonly outcome?: OutcomeYaml | undefined
  readonly outcomes?: readonly OutcomeYaml[] | undefined
}): YamlPath[] {
  if (outcomes) return outcomes.map((_, index) => ['outcomes', index, 'column'])
  return outcome ? [['outcome', 'column']] : []
}
