import type { Manifest } from '../core/manifest.ts'
import { type Relation, relationKey } from '../core/node.ts'
import { existingRelations, type Queryable, relationIdent, sql } from '../warehouse/index.ts'
import { readTrueEffects, truthRelations } from './causal-truth.ts'
import { type JobOfKind, jobsOfKind, publishedTables, readAbout, relationOfJob } from './job-standing.ts'

/*
 * How a causal question stands: what its published tables say, and the truth where a generator wrote it. The truth is
 * for who judges the answer; the job that gives it never reads it.
 */

/** A job that asks for an effect and has a graph. */
export type CausalNode = JobOfKind<'causal'>

/** A job that asks for an effect, by a graph or by what changed when a treatment came. */
export type QuestionNode = CausalNode | JobOfKind<'did' | 'discontinuity' | 'interrupted_series'>

export interface CausalStandingEstimate {
  readonly outcome: string
  readonly estimand: string
  readonly treatment: string
  readonly comparison: string
  readonly method: string
  readonly scale: string
  readonly estimate: number | null
  readonly stdError: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly ciLevel: number | null
  readonly pValue: number | null
  readonly n: number | null
  readonly nTreated: number | null
  readonly status: 'ok' | 'refused'
  readonly reason: string | null
  /** Null where nobody knows it, and for what is no causal effect. */
  readonly truth: number | null
}

export interface CausalStandingVerdict {
  readonly outcome: string
  readonly estimand: string
  readonly verdict: string
  readonly method: string | null
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly naive: number | null
  readonly claim: number | null
  readonly sentence: string
}

export interface CausalStandingRefutation {
  readonly outcome: string
  readonly refuter: string
  readonly verdict: string
  readonly message: string
}

export interface CausalStandingWay {
  readonly kind: string
  readonly outcome: string | null
  readonly variables: readonly string[]
  readonly given: readonly string[]
  readonly chosen: boolean
  readonly note: string
  readonly verdict: string | null
}

/** What a difference in differences supposes, as far as it can be held against the data. */
export interface CausalStandingCheck {
  readonly outcome: string | null
  readonly checkName: string
  readonly verdict: string
  readonly message: string
}

export interface CausalStanding {
  readonly name: string
  readonly question: string
  readonly relation: string
  /** The instant that the published results speak about; null where there are none. */
  readonly asOf: string | null
  readonly runId: string | null
  readonly estimates: readonly CausalStandingEstimate[]
  readonly verdicts: readonly CausalStandingVerdict[]
  readonly refutations: readonly CausalStandingRefutation[]
  readonly identification: readonly CausalStandingWay[]
  readonly checks: readonly CausalStandingCheck[]
}

/** The questions of a project that have a graph, by name. */
export function causalQuestionsIn(manifest: Pick<Manifest, 'nodes'>): CausalNode[] {
  return jobsOfKind(manifest, 'causal')
}

/** All questions of a project that ask for an effect without an experiment, by name. */
export function questionsIn(manifest: Pick<Manifest, 'nodes'>): QuestionNode[] {
  const all: QuestionNode[] = (['causal', 'did', 'discontinuity', 'interrupted_series'] as const).flatMap(
    (kind) => jobsOfKind(manifest, kind) as QuestionNode[],
  )
  return all.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Reads how causal questions stand. */
export async function causalStandings(
  warehouse: Queryable,
  manifest: Manifest,
  questions: readonly QuestionNode[],
): Promise<CausalStanding[]> {
  const truths = questions.flatMap(({ spec }) => truthRelations(spec))
  const relations = questions.flatMap(({ tables }) => tables.map(({ relation }) => relation))
  const found = new Set((await existingRelations(warehouse, [...relations, ...truths])).map(relationKey))
  const standings: CausalStanding[] = []
  for (const node of questions) {
    const truth = await truthOf(warehouse, manifest, node, found)
    standings.push(await readStanding(warehouse, node, found, truth))
  }
  return standings
}

async function readStanding(
  warehouse: Queryable,
  node: QuestionNode,
  found: ReadonlySet<string>,
  truth: TruthOf,
): Promise<CausalStanding> {
  const { name, spec, relation } = node
  const tableOf = publishedTables(node, found)
  const rowsOf = async <Row>(suffix: string, read: (table: Relation) => Promise<Row[]>): Promise<Row[]> => {
    const table = tableOf(suffix)
    return table ? read(table) : []
  }
  const main = tableOf('')
  const about = main ? await readAbout(warehouse, main) : undefined
  const estimates = await rowsOf('', (table) => readEstimates(warehouse, table))
  return {
    ...{ name, question: spec.question, relation: relationKey(relation) },
    ...{ asOf: about?.asOf ?? null, runId: about?.runId ?? null },
    estimates: estimates.map((row) => ({ ...row, truth: truth(row) })),
    verdicts: await rowsOf('verdict', (table) => readVerdicts(warehouse, table)),
    refutations: await rowsOf('refutations', (table) => readRefutations(warehouse, table)),
    identification: await rowsOf('identification', (table) => readWays(warehouse, table)),
    checks: await rowsOf('checks', (table) => readChecks(warehouse, table)),
  }
}

type TruthOf = (about: Pick<CausalStandingEstimate, 'outcome' | 'estimand'>) => number | null

/** What is true: of the units in question where it was written of each, unless effects themselves were written. */
async function truthOf(
  warehouse: Queryable,
  manifest: Manifest,
  node: QuestionNode,
  found: ReadonlySet<string>,
): Promise<TruthOf> {
  const { spec } = node
  const known = new Map<string, number>()
  const there = (identifier: string): Relation | null => {
    const relation = { schema: 'truth', identifier } as Relation
    return found.has(relationKey(relation)) ? relation : null
  }
  const key = (outcome: string, estimand: string): string => JSON.stringify([outcome, estimand])
  const tableOf = publishedTables(node, found)
  if (spec.kind === 'causal' && tableOf('') && spec.truth?.units && there(spec.truth.units.table)) {
    const units = relationOfJob(manifest, node, spec.data.ref)
    for (const { outcome, estimand, value } of await readTrueEffects(warehouse, spec, units))
      known.set(key(outcome, estimand), value)
  }
  const effects = spec.truth?.effects === undefined ? null : there(spec.truth.effects)
  if (effects) {
    const { rows } = await warehouse.query<{ outcome: string; estimand: string; value: number }>(
      sql`select outcome, estimand, value::float8 as value from ${relationIdent(effects)}`,
    )
    for (const { outcome, estimand, value } of rows) known.set(key(outcome, estimand), value)
  }
  return ({ outcome, estimand }) => known.get(key(outcome, estimand)) ?? null
}

async function readEstimates(warehouse: Queryable, table: Relation) {
  const { rows } = await warehouse.query<Omit<CausalStandingEstimate, 'truth'>>(sql`
    select
      estimate.outcome, estimate.estimand, estimate.treatment, estimate.comparison, estimate.method, estimate.scale,
      estimate.estimate, estimate.std_error as "stdError",
      estimate.ci_lower as "ciLower", estimate.ci_upper as "ciUpper", estimate.ci_level as "ciLevel",
      estimate.p_value as "pValue", estimate.n::float8 as n, estimate.n_treated::float8 as "nTreated",
      estimate.status, estimate.reason
    from ${relationIdent(table)} as estimate
    where estimate.segment_name is null
    order by
      estimate.outcome, estimate.estimand <> 'association',
      array_position(array['ate', 'att', 'atc', 'ato', 'late'], estimate.estimand) nulls last,
      estimate.estimand, estimate.method`)
  return rows
}

async function readVerdicts(warehouse: Queryable, table: Relation) {
  const { rows } = await warehouse.query<CausalStandingVerdict>(sql`
    select
      outcome, estimand, verdict, method, estimate, ci_lower as "ciLower", ci_upper as "ciUpper",
      naive, claim, sentence
    from ${relationIdent(table)}
    order by outcome`)
  return rows
}

async function readRefutations(warehouse: Queryable, table: Relation) {
  const { rows } = await warehouse.query<CausalStandingRefutation>(sql`
    select outcome, refuter, verdict, message from ${relationIdent(table)} order by outcome, refuter`)
  return rows
}

async function readChecks(warehouse: Queryable, table: Relation) {
  const { rows } = await warehouse.query<CausalStandingCheck>(sql`
    select outcome, check_name as "checkName", verdict, message
    from ${relationIdent(table)}
    order by outcome nulls first, check_name`)
  return rows
}

async function readWays(warehouse: Queryable, table: Relation) {
  const { rows } = await warehouse.query<CausalStandingWay>(sql`
    select kind, outcome, variables, given, chosen, note, verdict
    from ${relationIdent(table)}
    order by outcome, not chosen, kind, variables`)
  return rows
}
