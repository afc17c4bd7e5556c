import { findColumn, isNamed, type NamedColumn, renamed, untraceableRest } from './columns.ts'
import { merge, noInfluences, raised, sameDerivation } from './derivation.ts'
import type { CteList, Environment, Query } from './environment.ts'
import { bodyOf, type Node, type NodeBody, type SelectStmt, selectIn, stringsOf } from './parse-tree.ts'

type Cte = NodeBody<'CommonTableExpr'>

/** The environment in which a query with that WITH clause is read. */
export function withCtes(
  clause: NonNullable<SelectStmt['withClause']>,
  environment: Environment,
): Environment {
  const { session } = environment
  const ctes = (clause.ctes ?? [])
    .map((node: Node) => bodyOf(node, 'CommonTableExpr')!)
    .filter(({ ctename }) => !session.isStandIn(ctename ?? ''))
  return clause.recursive ? recursiveCtes(ctes, environment) : plainCtes(ctes, environment)
}

/** Each CTE sees those before it. All are analysed, whether they are read or not. */
function plainCtes(ctes: readonly Cte[], environment: Environment): Environment {
  let list = environment.ctes
  for (const cte of ctes) {
    const query = cteQuery(cte, { ...environment, ctes: list })
    list = { name: cte.ctename ?? '', query: () => query, next: list }
  }
  return { ...environment, ctes: list }
}

/** Each CTE sees all of them and itself. */
function recursiveCtes(ctes: readonly Cte[], environment: Environment): Environment {
  const done = new Map<Cte, Query>()
  const inner: { value: Environment } = { value: environment }
  const queryOf = (cte: Cte): Query => {
    const known = done.get(cte)
    if (known) return known
    done.set(cte, { columns: [untraceableRest], influences: noInfluences })
    for (const query of approximations(cte, inner.value)) done.set(cte, query)
    return done.get(cte)!
  }
  const list = ctes.reduce<CteList | null>(
    (next, cte) => ({ name: cte.ctename ?? '', query: () => queryOf(cte), next }),
    environment.ctes,
  )
  inner.value = { ...environment, ctes: list }
  for (const cte of ctes) queryOf(cte)
  return inner.value
}

/**
 * A recursive CTE is what its first part gives and what its second part makes of that, again and again: starting
 * from the first part, each round adds what one more step brings in, until a round adds nothing.
 */
function* approximations(cte: Cte, environment: Environment): Generator<Query> {
  const select = selectIn(cte.ctequery)
  let before: Query | null = null
  if (select?.larg) {
    const start: SelectStmt =
      select.withClause && !select.larg.withClause
        ? { ...select.larg, withClause: select.withClause }
        : select.larg
    before = named(cte, environment.session.query(start, environment))
    yield before
  }
  for (;;) {
    const query = cteQuery(cte, environment)
    yield query
    if (!before || sameQuery(before, query)) return
    before = query
  }
}

function sameQuery(a: Query, b: Query): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.influences.size === b.influences.size &&
    a.columns.every((column, index) => {
      const other = b.columns[index]!
      if (!isNamed(column) || !isNamed(other)) return isNamed(column) === isNamed(other)
      return sameDerivation(column.derivation, other.derivation)
    })
  )
}

function cteQuery(cte: Cte, environment: Environment): Query {
  const select = selectIn(cte.ctequery)
  if (!select) return { columns: [untraceableRest], influences: noInfluences }
  return named(cte, environment.session.query(select, environment))
}

function named(cte: Cte, { columns, influences }: Query): Query {
  const own = renamed(columns, stringsOf(cte.aliascolnames))
  return { columns: [...own, ...bookkeeping(cte, own)], influences }
}

/** The columns that SEARCH and CYCLE add. */
function bookkeeping(cte: Cte, columns: Query['columns']): NamedColumn[] {
  const made = (names: readonly string[]) => {
    const found = names.map((name) => findColumn(columns, name))
    return raised(
      merge(found.flatMap((each) => (each.kind === 'absent' ? [] : [each.derivation]))),
      'transformation',
    )
  }
  const { search_clause: search, cycle_clause: cycle } = cte
  const cycleValue = made(stringsOf(cycle?.cycle_col_list))
  return [
    ...(search
      ? [{ name: search.search_seq_column ?? '', derivation: made(stringsOf(search.search_col_list)) }]
      : []),
    ...(cycle
      ? [
          { name: cycle.cycle_mark_column ?? '', derivation: cycleValue },
          { name: cycle.cycle_path_column ?? '', derivation: cycleValue },
        ]
      : []),
  ]
}
