import { beforeAll, describe, expect, it } from 'vitest'
import type { SqlLineage } from '../../../src/compile/lineage/column-lineage.ts'
import { lineageOfSql, type RelationCatalog } from '../../../src/compile/lineage/lineage-of-sql.ts'
import { loadSqlParser } from '../../../src/compile/sql/syntax.ts'
import { lineageCatalog } from './lineage-tables.ts'

beforeAll(() => loadSqlParser())

/** Lineage in short: `name: kind relation.column …  (role column)`. */
function brief(sql: string, catalog: RelationCatalog = lineageCatalog) {
  const lineage = lineageOfSql(sql, catalog)!
  const short = (relation: string, column: string) => `${relation.replace('lin.', '')}.${column}`
  return {
    columns: Object.fromEntries(
      lineage.columns.map(({ name, inputs, influences, isUnknown }) => [
        name,
        [
          ...inputs.map((input) => `${input.kind} ${short(input.relation, input.column)}`),
          ...influences.map((each) => `${each.role} ${short(each.relation, each.column)}`),
          ...(isUnknown ? ['unknown'] : []),
        ],
      ]),
    ),
    rows: lineage.influences.map((each) => `${each.role} ${short(each.relation, each.column)}`),
    unused: lineage.unused.map((each) => short(each.relation, each.column)),
  }
}

describe('how a value gets into a column', () => {
  it('tells copies from computed and gathered values', () => {
    const { columns } = brief(`
      select user_id, user_id as u, amount::int as whole, amount * 2 as twice, sum(amount) as total,
             round(avg(amount), 2) as mean, 1 as one
      from lin.orders group by user_id, amount`)
    expect(columns).toEqual({
      user_id: ['copy orders.user_id'],
      u: ['copy orders.user_id'],
      whole: ['transformation orders.amount'],
      twice: ['transformation orders.amount'],
      total: ['aggregation orders.amount'],
      mean: ['aggregation orders.amount'],
      one: [],
    })
  })

  it('keeps the strongest way through CTEs and subqueries', () => {
    const { columns } = brief(`
      with totals as (select user_id, sum(amount) as total from lin.orders group by 1),
      doubled as (select user_id, total * 2 as twice from totals)
      select s.user_id, s.twice from (select * from doubled) s`)
    expect(columns).toEqual({ user_id: ['copy orders.user_id'], twice: ['aggregation orders.amount'] })
  })

  it('follows each position of a union', () => {
    const { columns, rows } = brief(`
      select id as a, name as b from lin.users union all select user_id, upper(status) from lin.orders`)
    expect(columns).toEqual({
      a: ['copy orders.user_id', 'copy users.id'],
      b: ['transformation orders.status', 'copy users.name'],
    })
    expect(rows).toEqual([])
  })

  it('takes a merged column of a join from the side that has it', () => {
    const merged = (join: string) =>
      brief(`select user_id from lin.events e ${join} join lin.orders o using (user_id)`).columns.user_id
    expect(merged('inner')).toEqual(['copy events.user_id'])
    expect(merged('left')).toEqual(['copy events.user_id'])
    expect(merged('right')).toEqual(['copy orders.user_id'])
    expect(merged('full')).toEqual(['transformation events.user_id', 'transformation orders.user_id'])
  })

  it('sees through recursion', () => {
    const { columns } = brief(`
      with recursive walk(a, b) as (
        select id, user_id from lin.orders
        union all
        select b, a + 1 from walk
      )
      select a from walk`)
    expect(columns).toEqual({ a: ['transformation orders.id', 'transformation orders.user_id'] })
  })

  it('takes whole rows for all their columns', () => {
    const { columns } = brief('select to_jsonb(e) as j from lin.edges e')
    expect(columns.j).toEqual(['src', 'dst', 'weight'].sort().map((name) => `transformation edges.${name}`))
  })
})

describe('what decides without going into a value', () => {
  it('keeps filters, joins, groups and orders apart', () => {
    const { columns, rows, unused } = brief(`
      select u.country, count(*) as n
      from lin.users u
      left join lin.orders o on o.user_id = u.id and o.status = 'paid'
      where u.created_at > '2020-01-01'
      group by u.country
      having max(o.amount) > 3
      order by min(o.ordered_at)`)
    expect(columns).toEqual({ country: ['copy users.country'], n: [] })
    expect(rows).toEqual([
      'filter orders.amount',
      'order orders.ordered_at',
      'join orders.status',
      'join orders.user_id',
      'group users.country',
      'filter users.created_at',
      'join users.id',
    ])
    expect(unused).toEqual([])
  })

  it('belongs to one column where it stands in an expression', () => {
    const { columns, rows } = brief(`
      select id,
             count(*) filter (where status = 'paid') as paid,
             row_number() over (partition by user_id order by ordered_at) as nth,
             (select max(value) from lin.events e where e.user_id = o.user_id) as best,
             exists (select 1 from lin.users u where u.id = o.user_id) as known
      from lin.orders o group by id, user_id, ordered_at`)
    expect(columns).toEqual({
      id: ['copy orders.id'],
      paid: ['filter orders.status'],
      nth: ['window orders.ordered_at', 'window orders.user_id'],
      best: ['aggregation events.value', 'filter events.user_id', 'filter orders.user_id'],
      known: ['filter orders.user_id', 'filter users.id'],
    })
    expect(rows).toEqual(['group orders.id', 'group orders.ordered_at', 'group orders.user_id'])
  })

  it('goes on from a subquery to the query around it', () => {
    const { rows } = brief(`
      with big as (select distinct user_id from lin.orders where amount > 100)
      select name from lin.users where id in (select user_id from big)`)
    expect(rows).toEqual([
      'filter orders.amount',
      'filter orders.user_id',
      'group orders.user_id',
      'filter users.id',
    ])
  })

  it('names what is read for nothing', () => {
    const { unused } = brief('with a as (select id, email from lin.users) select id from a')
    expect(unused).toEqual(['users.email'])
  })
})

describe('what is not known', () => {
  it('is said of a star that cannot be expanded', () => {
    const lineage = lineageOfSql('select * from other.things', lineageCatalog) as SqlLineage
    expect(lineage).toMatchObject({ columns: [], isComplete: false })
  })

  it('does not keep a named column from being followed', () => {
    expect(brief('select a, t.b + 1 as c from (select * from other.things) t').columns).toEqual({
      a: ['copy other.things.a'],
      c: ['transformation other.things.b'],
    })
  })

  it('is not guessed when two relations might have the name', () => {
    expect(brief('select a from other.things, other.more').columns).toEqual({ a: ['unknown'] })
    expect(brief('select (select id from other.things limit 1) as x from lin.users').columns.x).toEqual([
      'unknown',
    ])
  })

  it('does not hide what a known relation has for sure', () => {
    expect(brief('select amount from other.things, lin.orders').columns).toEqual({
      amount: ['copy orders.amount'],
    })
  })

  it('spreads over later positions of a union', () => {
    const lineage = lineageOfSql(
      'select id, name from lin.users union all (select 1, t.* from other.things t)',
      lineageCatalog,
    )!
    expect(lineage.columns.map(({ isUnknown }) => isUnknown)).toEqual([false, true])
    expect(lineage.isComplete).toBe(false)
  })

  it('is told with its place when a name is nowhere', () => {
    const lineage = lineageOfSql("select 'ü', nme from lin.users", lineageCatalog)!
    expect(lineage.unresolved).toEqual([{ name: 'nme', offset: 12 }])
    expect(lineage.columns[1]).toMatchObject({ name: 'nme', isUnknown: true })
  })

  it('is all there is of text that is no query', () => {
    expect(lineageOfSql('delete from lin.users', lineageCatalog)).toBeNull()
    expect(lineageOfSql('select 1; select 2', lineageCatalog)).toBeNull()
    expect(lineageOfSql('selec 1', lineageCatalog)).toBeNull()
  })
})
