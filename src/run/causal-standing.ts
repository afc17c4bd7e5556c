import type { CausalSpec } from '../core/causal-spec.ts'
import type { Manifest } from '../core/manifest.ts'
import { type JobNode, type Relation, relationKey } from '../core/node.ts'
import { existingRelations, relationIdent, sql, type Warehouse } from '../warehouse/index.ts'

/*
 * How a causal question stands: what its published tables say, and the truth where a generator wrote it. The truth is
 * for who judges the answer; the job that gives it never reads it.
 */

/** A job that is a causal question. */
export type CausalNode = JobNode & { readonly spec: CausalSpec }

export interface CausalStandingEstimate {
  readonly outcome: string
  readonly estimand: string
  readonly treatment: string
  readonly comparison: string
  readonly method: string
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
}

/** The causal questions of a project by name. */
export function causalQuestionsIn({ nodes }: Pick<Manifest, 'nodes'>): CausalNode[] {
  return Object.values(nodes)
    .filter((node): node is CausalNode => node.resourceType === 'job' && node.spec.kind === 'causal')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

type Queryable = Pick<Warehouse, 'query'>

/** Reads how causal questions stand. */
export async function causalStandings(
  warehouse: Queryable,
  questions: readonly CausalNode[],
): Promise<CausalStanding[]> {
  const truths = questions.flatMap(({ spec }) => truthOf(spec) ?? [])
  const relations = questions.flatMap(({ tables }) => tables.map(({ relation }) => relation))
  const found = new Set((await existingRelations(warehouse, [...relations, ...truths])).map(relationKey))
  const standings: CausalStanding[] = []
  for (const node of questions) standings.push(await readStanding(warehouse, node, found))
  return standings
}

async function readStanding(
  warehouse: Queryable,
  { name, spec, relation, tables }: CausalNode,
  found: ReadonlySet<string>,
): Promise<CausalStanding> {
  const rowsOf = async <Row>(suffix: string, read: (table: Relation) => Promise<Row[]>): Promise<Row[]> => {
    const table = tables.find((each) => each.suffix === suffix)
    return table && found.has(relationKey(table.relation)) ? read(table.relation) : []
  }
  const truth = truthOf(spec)
  const known = truth && found.has(relationKey(truth)) ? truth : null
  const [about] = await rowsOf('', (table) => readAbout(warehouse, table))
  return {
    ...{ name, question: spec.question, relation: relationKey(relation) },
    ...{ asOf: about?.asOf ?? null, runId: about?.runId ?? null },
    estimates: await rowsOf('', (table) => readEstimates(warehouse, table, known)),
    verdicts: await rowsOf('verdict', (table) => readVerdicts(warehouse, table)),
    refutations: await rowsOf('refutations', (table) => readRefutations(warehouse, table)),
    identification: await rowsOf('identification', (table) => readWays(warehouse, table)),
  }
}

function truthOf({ truth }: CausalSpec): Relation | null {
  return truth?.effects === undefined ? null : ({ schema: 'truth', identifier: truth.effects } as Relation)
}

async function readAbout(warehouse: Queryable, table: Relation) {
  const { rows } = await warehouse.query<{ asOf: string; runId: string }>(sql`
    select
      to_char(as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "asOf",
      run_id::text as "runId"
    from ${relationIdent(table)}
    limit 1`)
  return rows
}

async function readEstimates(warehouse: Queryable, table: Relation, truth: Relation | null) {
  const known = truth
    ? sql`left join ${relationIdent(truth)} as truth
        on truth.estimand = estimate.estimand and truth.outcome = estimate.outcome`
    : sql`cross join (select null::float8 as value) as truth`
  const { rows } = await warehouse.query<CausalStandingEstimate>(sql`
    select
      estimate.outcome, estimate.estimand, estimate.treatment, estimate.comparison, estimate.method,
      estimate.estimate, estimate.std_error as "stdError",
      estimate.ci_lower as "ciLower", estimate.ci_upper as "ciUpper", estimate.ci_level as "ciLevel",
      estimate.p_value as "pValue", estimate.n::float8 as n, estimate.n_treated::float8 as "nTreated",
      estimate.status, estimate.reason, truth.value as truth
    from ${relationIdent(table)} as estimate
    ${known}
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

async function readWays(warehouse: Queryable, table: Relation) {
  const { rows } = await warehouse.query<CausalStandingWay>(sql`
    select kind, outcome, variables, given, chosen, note, verdict
    from ${relationIdent(table)}
    order by outcome, not chosen, kind, variables`)
  return rows
}
