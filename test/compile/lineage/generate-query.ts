/*
 * Random queries on the tables of lineage-tables.ts: nested subqueries and CTEs, joins of every kind, set
 * operations, aggregates, windows. The same seed gives the same query. Values are numbers throughout, so that
 * every combination is valid SQL.
 */

/** A whole number from 0 to below `limit`. */
export type Choose = (limit: number) => number

/** A generator of choices from a seed (mulberry32, public domain). */
export function seededChoices(seed: number): Choose {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * limit)
  }
}

/** A relation that a query can read, with its numeric columns. */
interface Readable {
  readonly sql: string
  readonly columns: readonly string[]
}

interface Names {
  next: (prefix: string) => string
}

/** A query with the names of its columns. */
interface Generated {
  readonly sql: string
  readonly columns: readonly string[]
}

const tables: readonly Readable[] = [
  { sql: 'lin.users', columns: ['id'] },
  { sql: 'lin.orders', columns: ['id', 'user_id', 'amount'] },
  { sql: 'lin.events', columns: ['user_id', 'value'] },
  { sql: 'lin.edges', columns: ['src', 'dst', 'weight'] },
  { sql: 'lin."Odd Names"', columns: ['"Id"', '"order"', 'lower'] },
]

/** A random query that selects numbers only. */
export function generateQuery(choose: Choose): string {
  let count = 0
  const names: Names = { next: (prefix) => `${prefix}${++count}` }
  return query(choose, names, 3, tables, []).sql
}

function query(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  outer: readonly string[],
): Generated {
  if (depth > 0 && choose(4) === 0) return withCte(choose, names, depth, readable, outer)
  if (depth > 0 && choose(5) === 0) return setOperation(choose, names, depth, readable, outer)
  return select(choose, names, depth, readable, outer, 1 + choose(3))
}

function withCte(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  outer: readonly string[],
) {
  const inner = query(choose, names, depth - 1, readable, outer)
  // Sometimes the CTE hides one of the same name further out, which its own query still sees.
  const name = choose(3) === 0 ? `shared${1 + choose(2)}` : names.next('cte')
  const renames = choose(3) === 0
  const columns = renames ? inner.columns.map(() => names.next('c')) : inner.columns
  const list = renames ? ` (${columns.join(', ')})` : ''
  const others = readable.filter((other) => other.sql !== name)
  const cte = { sql: name, columns }
  const body = query(choose, names, depth - 1, [...others, cte, cte], outer)
  return {
    sql: `with ${name}${list} as (${inner.sql}) select * from (${body.sql}) ${names.next('s')}`,
    columns: body.columns,
  }
}

function setOperation(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  outer: readonly string[],
) {
  const width = 1 + choose(3)
  const left = select(choose, names, depth - 1, readable, outer, width)
  const right = select(choose, names, depth - 1, readable, outer, width)
  const operation = ['union', 'union all', 'intersect', 'except', 'except all'][choose(5)]
  return { sql: `(${left.sql}) ${operation} (${right.sql})`, columns: left.columns }
}

interface FromPart {
  readonly sql: string
  /** Expressions that name the columns. */
  readonly columns: readonly string[]
}

function select(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  outer: readonly string[],
  width: number,
): Generated {
  const from = fromClause(choose, names, depth, readable, outer)
  const scope = [...from.columns, ...(choose(3) === 0 ? outer : [])]
  const value = (): string => expression(choose, names, depth, readable, scope)
  // An aggregate of nothing but outer columns would be one of the outer query.
  const own = (): string => expression(choose, names, depth, readable, from.columns)
  const kind = choose(5)
  const columns = Array.from({ length: width }, () => names.next('v'))
  const filter = choose(2) === 0 ? ` where ${condition(choose, names, depth, readable, scope)}` : ''
  if (kind === 0) {
    const groups = columns.slice(1).map(() => from.columns[choose(from.columns.length)]!)
    const items = [`${['sum', 'max', 'count', 'avg'][choose(4)]}(${own()})`, ...groups]
    const list = items.map((item, index) => `${item} as ${columns[index]}`).join(', ')
    const having = choose(3) === 0 ? ` having count(${own()}) > 0` : ''
    const grouping = groups.length === 0 ? '' : ` group by ${groups.map((_, index) => index + 2).join(', ')}`
    return { sql: `select ${list} from ${from.sql}${filter}${grouping}${having}`, columns }
  }
  const window = (): string =>
    `sum(${own()}) filter (where ${own()} > 1) over (partition by ${own()} order by ${own()})`
  const list = columns.map((name) => `${kind === 1 ? window() : value()} as ${name}`).join(', ')
  const distinct = kind === 2 ? 'distinct ' : ''
  const order = choose(3) === 0 ? ` order by ${columns[choose(columns.length)]} limit ${1 + choose(9)}` : ''
  return { sql: `select ${distinct}${list} from ${from.sql}${filter}${order}`, columns }
}

function fromClause(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  outer: readonly string[],
): FromPart {
  const first = fromItem(choose, names, depth, readable, outer)
  if (depth === 0 || choose(2) === 0) return first
  const second = fromItem(choose, names, depth, readable, [...outer, ...first.columns], choose(3) === 0)
  const columns = [...first.columns, ...second.columns]
  const on = (): string =>
    `${first.columns[choose(first.columns.length)]} = ${second.columns[choose(second.columns.length)]}`
  const join = ['inner', 'left'][choose(2)]
  if (choose(3) === 0) return { sql: `${first.sql}, ${second.sql}`, columns }
  return { sql: `${first.sql} ${join} join ${second.sql} on ${on()}`, columns }
}

function fromItem(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  outer: readonly string[],
  isLateral = false,
): FromPart {
  const alias = names.next('t')
  if (depth > 0 && (isLateral || choose(3) === 0)) {
    const inner = query(choose, names, depth - 1, readable, isLateral ? outer : [])
    const star = choose(3) === 0 ? `select * from (${inner.sql}) ${names.next('s')}` : inner.sql
    return {
      sql: `${isLateral ? 'lateral ' : ''}(${star}) ${alias}`,
      columns: inner.columns.map((column) => `${alias}.${column}`),
    }
  }
  if (choose(8) === 0) {
    const argument = isLateral && outer.length > 0 ? outer[choose(outer.length)] : '3'
    return { sql: `generate_series(1, (${argument})::int) as ${alias}(n)`, columns: [`${alias}.n`] }
  }
  const table = readable[choose(readable.length)]!
  return { sql: `${table.sql} ${alias}`, columns: table.columns.map((column) => `${alias}.${column}`) }
}

function expression(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  scope: readonly string[],
): string {
  const column = (): string => scope[choose(scope.length)]!
  switch (choose(depth > 0 ? 8 : 5)) {
    case 0:
      return `(${column()} + ${column()})`
    case 1:
      return `coalesce(${column()}, ${column()}, 0)`
    case 2:
      return `case when ${column()} > 1 then ${column()} else ${column()} end`
    case 3:
      return `abs(${column()}::numeric)`
    case 5: {
      const inner = select(choose, names, depth - 1, readable, scope, 1)
      return `(select max(x) from (${inner.sql}) ${names.next('q')}(x))`
    }
    default:
      return column()
  }
}

function condition(
  choose: Choose,
  names: Names,
  depth: number,
  readable: readonly Readable[],
  scope: readonly string[],
): string {
  const column = (): string => scope[choose(scope.length)]!
  if (depth === 0) return `${column()} > ${column()}`
  const inner = select(choose, names, depth - 1, readable, scope, 1)
  switch (choose(4)) {
    case 0:
      return `exists (${inner.sql})`
    case 1:
      return `${column()} in (${inner.sql})`
    case 2:
      return `${column()} > all (${inner.sql}) or ${column()} is null`
    default:
      return `${column()} < ${column()} + 2`
  }
}
