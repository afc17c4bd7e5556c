import { describe, expect, it } from 'vitest'
import type { JobNode } from '../../../src/core/node.ts'
import { type SelectOptions, select } from '../../../src/core/selection/index.ts'
import { sampleManifest } from '../sample-manifest.ts'

/** Short names of what is selected, in order; sources as `app.users`. */
function names(options: SelectOptions | string): string[] {
  const { nodeIds } = select(sampleManifest, typeof options === 'string' ? { select: [options] } : options)
  return nodeIds.map((id) =>
    id.startsWith('source.') ? id.slice('source.shop.'.length) : id.split('.').at(-1)!,
  )
}

/** Without the tests that come along. */
function bare(text: string): string[] {
  return names({ select: [text], indirectSelection: 'empty' }).sort()
}

describe('methods', () => {
  it.each<[string, string[]]>([
    ['orders', ['orders']],
    ['*stg_*', ['stg_events', 'stg_users']],
    ['staging.stg_*', ['stg_events', 'stg_users']],
    ['stg_*', ['stg_events', 'stg_users']],
    // With a dot a pattern counts from the first folder, as in dbt.
    ['sales.or*', []],
    ['staging', ['events_have_users', 'not_null_users', 'stg_events', 'stg_users', 'unique_orders']],
    ['marts', ['orders', 'sessions_daily']],
    ['marts.sales', ['orders']],
    ['shop.marts.sales.orders', ['orders']],
    ['marts.*', ['orders', 'sessions_daily']],
    ['marts.?rders', []],
    ['shop.marts.s*', ['orders', 'sessions_daily']],
    ['users', []],
    ['tag:nightly', ['stg_events', 'stg_users']],
    ['tag:peo*', ['stg_users']],
    ['path:models/marts', ['orders', 'sessions_daily']],
    ['models/staging/stg_users.sql', ['stg_users']],
    ['stg_users.sql', ['stg_users']],
    ['file:countries', ['countries']],
    ['file:*.csv', ['countries']],
    ['source:app', ['app.events', 'app.users']],
    ['source:app.u*', ['app.users']],
    ['source:shop.app.users', ['app.users']],
    ['source:other.app.users', []],
    ['exposure:board', ['board']],
    ['exposure:shop.*', ['board']],
    ['resource_type:seed', ['countries']],
    ['test_name:not_null', ['not_null_users']],
    ['test_name:relationships_where', ['events_have_users']],
    ['test_name:dbt_utils.relationships_where', ['events_have_users']],
    ['test_type:singular', ['orders_in_countries']],
    ['test_type:generic', ['events_have_users', 'not_null_users', 'unique_orders']],
    ['test_type:data', ['events_have_users', 'not_null_users', 'orders_in_countries', 'unique_orders']],
    ['config.materialized:incremental', ['sessions_daily']],
    ['config.materialized:seed', ['countries']],
    ['config.unique_key:day', ['sessions_daily']],
    ['config.grants.select:bi', ['orders']],
    ['config.contract.enforced:True', ['orders']],
    ['config.meta.owner:sales', ['orders']],
    ['config.meta.pii:true', ['orders']],
    ['config.tags:people', ['stg_users']],
    ['config.severity:WARN', ['unique_orders']],
    ['config.meta.constructor:x', []],
  ])('%s', (text, expected) => {
    expect(bare(text)).toEqual(expected)
  })

  it('package: takes this for the project', () => {
    expect(bare('package:this')).toHaveLength(13)
    expect(bare('package:sh*')).toHaveLength(13)
    expect(bare('package:other')).toEqual([])
  })
})

describe('relatives', () => {
  it.each<[string, string[]]>([
    ['+stg_users', ['app.users', 'stg_users']],
    ['1+orders', ['countries', 'int_sessions', 'orders']],
    ['2+orders', ['countries', 'int_sessions', 'orders', 'stg_events', 'stg_users']],
    ['int_sessions+1', ['int_sessions', 'orders', 'sessions_daily']],
    ['stg_events+2', ['events_have_users', 'int_sessions', 'orders', 'sessions_daily', 'stg_events']],
    ['1+exposure:board', ['board', 'orders']],
    ['0+orders+0', ['orders']],
  ])('%s', (text, expected) => {
    expect(bare(text)).toEqual(expected)
  })

  it('@ takes in the children and all that those need', () => {
    expect(bare('@countries')).toEqual([
      'app.events',
      'app.users',
      'board',
      'countries',
      'int_sessions',
      'orders',
      'orders_in_countries',
      'stg_events',
      'stg_users',
      'unique_orders',
    ])
  })
})

describe('sets', () => {
  it('a space unites, a comma intersects and binds tighter', () => {
    expect(bare('stg_users countries')).toEqual(['countries', 'stg_users'])
    expect(bare('tag:nightly,tag:people')).toEqual(['stg_users'])
    expect(bare('countries tag:nightly,tag:people')).toEqual(['countries', 'stg_users'])
  })

  it('means by nothing what it means by all of every kind', () => {
    for (const indirectSelection of ['eager', 'empty'] as const)
      expect(names({ indirectSelection })).toEqual(
        names({ select: ['fqn:*', 'source:*'], indirectSelection }),
      )
  })

  it('takes everything when nothing is said, in graph order', () => {
    const all = names({})
    expect(all).toHaveLength(13)
    expect(all.indexOf('app.users')).toBeLessThan(all.indexOf('stg_users'))
    expect(all.indexOf('orders')).toBeLessThan(all.indexOf('board'))
  })

  it('takes away what is excluded, with the tests that hang on it', () => {
    expect(names({ exclude: ['+orders', 'sessions_daily'] })).toEqual(['board'])
    expect(names({ select: ['stg_users'], exclude: ['test_name:not_null'] })).toEqual([
      'stg_users',
      'events_have_users',
    ])
  })

  it('keeps only the types that are asked for', () => {
    expect(names({ select: ['+orders'], resourceTypes: ['seed', 'source'] })).toEqual([
      'countries',
      'app.events',
      'app.users',
    ])
  })
})

describe('indirect selection', () => {
  const tests = (text: string, indirectSelection: SelectOptions['indirectSelection']) =>
    names({ select: [text], indirectSelection, resourceTypes: ['test'] })

  it('eager: one selected parent is enough', () => {
    expect(tests('stg_users', 'eager')).toEqual(['events_have_users', 'not_null_users'])
  })

  it('cautious: all parents have to be selected', () => {
    expect(tests('stg_users', 'cautious')).toEqual(['not_null_users'])
    expect(tests('stg_users stg_events', 'cautious')).toEqual(['events_have_users', 'not_null_users'])
  })

  it('buildable: a parent may also be an ancestor of what is selected', () => {
    expect(tests('orders', 'cautious')).toEqual(['unique_orders'])
    expect(tests('orders', 'buildable')).toEqual(['orders_in_countries', 'unique_orders'])
    expect(tests('stg_users', 'buildable')).toEqual(['not_null_users'])
  })

  it('empty: none', () => {
    expect(tests('stg_users', 'empty')).toEqual([])
  })
})

describe('warnings', () => {
  it('says which part matches nothing, and what was probably meant', () => {
    const { nodeIds, warnings } = select(sampleManifest, {
      select: ['stg_user', 'orders'],
      exclude: ['tag:nightl'],
    })
    expect(nodeIds).toContain('model.shop.orders')
    expect(warnings.map(({ code, severity, message, hint }) => [code, severity, message, hint])).toEqual([
      ['selection-empty', 'warning', "selection 'stg_user' matches no node", "did you mean 'stg_users'?"],
      ['selection-empty', 'warning', "selection 'tag:nightl' matches no node", "did you mean 'nightly'?"],
    ])
  })

  it('warns of an intersection with nothing in it', () => {
    const { warnings } = select(sampleManifest, { select: ['orders,countries'] })
    expect(warnings).toHaveLength(0)
    const empty = select(sampleManifest, { select: ['orders,stg_users'] })
    expect(empty.warnings[0]?.message).toBe("selection 'orders,stg_users' matches no node")
  })

  it('explains why a pattern of folders and names matches nothing', () => {
    const { warnings } = select(sampleManifest, { select: ['sales.or*'] })
    expect(warnings[0]?.hint).toBe(
      "a pattern with a dot is matched from the first folder on: try '*sales.or*'",
    )
  })

  it('says nothing of defaults', () => {
    const { warnings } = select({ ...sampleManifest, nodes: {} })
    expect(warnings).toEqual([])
  })
})

describe('jobs', () => {
  const jobOf = (name: string, kind: 'experiment' | 'metrics'): JobNode => ({
    ...(sampleManifest.nodes['seed.shop.countries'] as unknown as JobNode),
    ...{ id: `job.shop.${name}`, name, fqn: ['shop', name], resourceType: 'job', dependsOn: [] },
    spec: { kind } as JobNode['spec'],
  })
  const jobs = [jobOf('tap', 'experiment'), jobOf('product', 'metrics')]
  const manifest = {
    ...sampleManifest,
    nodes: { ...sampleManifest.nodes, ...Object.fromEntries(jobs.map((job) => [job.id, job])) },
  }

  it('are found by what they analyse', () => {
    expect(select(manifest, { select: ['job_kind:experiment'] }).nodeIds).toEqual(['job.shop.tap'])
    expect(select(manifest, { select: ['resource_type:job,job_kind:metrics'] }).nodeIds).toEqual([
      'job.shop.product',
    ])
    expect(() => select(manifest, { select: ['job_kind:experiments'] })).toThrow(/experiment/)
  })
})
