import { describe, expect, it, test } from 'vitest'
import { compiled, failureOf, publishedScope, rendered, scriptedDatabase } from './parse-project.ts'

const packaged = {
  'dbt_project.yml': `
name: shop
version: '1.0'
profile: shop
vars: {who: project, kit: {who: kit of project}}
`,
  'profiles.yml':
    'shop: {target: dev, outputs: {dev: {type: postgres, host: h, user: u, password: p, dbname: d, schema: s}}}',
  'packages.yml': 'packages:\n  - local: kit\n',
  'kit/dbt_project.yml': "name: kit\nversion: '1.0'\nvars: {who: kit, only_kit: yes}\n",
  'kit/macros/kit.sql': `
{% macro plain() %}plain of kit{% endmacro %}
{% macro dispatched() %}{{ return(adapter.dispatch('dispatched', 'kit')()) }}{% endmacro %}
{% macro default__dispatched() %}default of kit{% endmacro %}
{% macro postgres__dispatched() %}postgres of kit{% endmacro %}
{% macro shared() %}shared of kit{% endmacro %}
{% macro asks() %}{{ shared() }}, {{ var('who') }}{% endmacro %}
`,
  'kit/models/of_kit.sql': "select '{{ asks() }}' as a, '{{ var('only_kit') }}' as b",
  'macros/own.sql': `
{% macro shared() %}shared of shop{% endmacro %}
{% macro default__dispatched() %}default of shop{% endmacro %}
`,
}

describe('packages', () => {
  test.each([
    ['{{ kit.plain() }}', 'plain of kit'],
    ["{{ context['kit']['plain']() }} {{ 'plain' in kit }}", 'plain of kit True'],
    ['{{ shared() }} {{ kit.shared() }}', 'shared of shop shared of kit'],
    // The project comes first, whatever it implements.
    ['{{ kit.dispatched() }}', 'default of shop'],
    // Plain names in a package's macro mean what they mean to the node that is rendered.
    ['{{ kit.asks() }}', 'shared of shop, project'],
  ])('%s', async (template, expected) => {
    expect(await rendered(template, packaged)).toBe(expected)
  })

  it('looks for the macros and vars of a package first in its own models', async () => {
    const { renderer } = await compiled(packaged)
    const { text } = await renderer.compile('model.kit.of_kit', publishedScope())
    expect(text).toBe("select 'shared of kit, kit of project' as a, 'True' as b")
  })

  it('dispatches in the order that the project asks for', async () => {
    const project = `${packaged['dbt_project.yml']}dispatch: [{macro_namespace: kit, search_order: [kit, shop]}]\n`
    const files = { ...packaged, 'dbt_project.yml': project }
    expect(await rendered('{{ kit.dispatched() }}', files)).toBe('postgres of kit')
  })

  it('says where it looked for a macro that is nowhere', async () => {
    const failure = await failureOf(rendered("{{ adapter.dispatch('gone', 'kit')() }}", packaged))
    expect(failure).toContain("no macro 'gone' can be dispatched to for 'kit'")
    expect(failure).toContain(
      'shop.postgres__gone, shop.default__gone, kit.postgres__gone, kit.default__gone',
    )
  })
})

describe('macros that every project has', () => {
  test.each([
    ["{{ dbt.dateadd('day', 3, 'd') }}", "d + ((interval '1 day') * (3))"],
    ["{{ dbt.date_trunc('month', 'd') }}", "date_trunc('month', d)"],
    ["{{ dbt.datediff('a', 'b', 'day') }}", '((b)::date - (a)::date)'],
    ["{{ dbt.datediff('a', 'b', 'year') }}", "(date_part('year', (b)::date) - date_part('year', (a)::date))"],
    [
      "{{ dbt.last_day('d', 'month') }}",
      "cast( date_trunc('month', d) + ((interval '1 month') * (1)) + ((interval '1 day') * (-1)) as date)",
    ],
    ["{{ dbt.concat(['a', 'b']) }} {{ dbt.length('a') }}", 'a || b length( a )'],
    ["{{ dbt.split_part('s', \"','\", 2) }}", "split_part( s, ',', 2 )"],
    ["{{ dbt.hash('a') }} {{ dbt.safe_cast('a', 'int') }}", 'md5(cast(a as TEXT)) cast(a as int)'],
    ["{{ dbt.listagg('a', \"','\", 'order by a') }}", "string_agg( a, ',' order by a )"],
    [
      "{{ dbt.listagg('a', \"','\", 'order by a', 2) }}",
      "array_to_string( (array_agg( a order by a ))[1:2], ',' )",
    ],
    [
      '{{ dbt.array_construct([1, 2]) }} {{ dbt.array_construct([], "text") }}',
      'array[ 1 , 2 ] array[]::text[]',
    ],
    ['{{ dbt.type_string() }} {{ dbt.type_numeric() }} {{ dbt.type_int() }}', 'TEXT numeric(28,6) integer'],
    ["{{ dbt.any_value('a') }} {{ dbt.bool_or('a') }} {{ dbt.except() }}", 'min(a) bool_or(a) except'],
    ["{{ dbt.string_literal('x') }} {{ dbt.escape_single_quotes(\"it's\") }}", "'x' it''s"],
    ['{{ dbt.get_powers_of_two(9) }} {{ dbt.current_timestamp() }}', '4 now()'],
    ["{{ dbt.dates_in_range('20260130', '20260201') }}", "['20260130', '20260131', '20260201']"],
    [
      "{{ generate_schema_name('x', none) }} {{ generate_schema_name_for_env('x', none) }}",
      'analytics_x analytics',
    ],
    ["{{ generate_alias_name(none, {'name': 'm', 'version': 2}) }}", 'm_v2'],
    ["{{ get_quoted_csv(['a', 'b c']) }}", '"a", "b c"'],
    ['{{ dbt.is_incremental() }} {{ should_full_refresh() }}', 'False False'],
  ])('%s', async (template, expected) => {
    expect((await rendered(template)).replace(/\s+/g, ' ')).toBe(expected)
  })

  it('lets the project replace one, also for those that call it', async () => {
    const files = { 'macros/own.sql': '{% macro default__hash(field) %}sha({{ field }}){% endmacro %}' }
    expect(await rendered("{{ dbt.hash('a') }} {{ hash('a') }}", files)).toBe('sha(a) sha(a)')
  })

  it('lets the project replace a function of the context', async () => {
    const files = {
      'models/orders.sql': 'select 1',
      'macros/ref.sql':
        '{% macro ref(name) %}{{ return(builtins.ref(name).include(database=false)) }}{% endmacro %}',
    }
    expect(await rendered("{{ ref('orders') }}", files)).toBe('"analytics"."orders"')
  })

  it('counts the parts between two dates by asking', async () => {
    const { ask, sent } = scriptedDatabase({ columns: [{ name: 'n', type: 'int4' }], rows: [[3]] })
    const spine = await rendered("{{ dbt.date_spine('day', 'a', 'b') }}", {}, { ask })
    expect(sent).toEqual(['select ((b)::date - (a)::date)'])
    expect(spine).toContain('where generated_number <= 3')
  })

  it('grants what is missing and revokes what is not wanted', async () => {
    const { ask, sent } = scriptedDatabase({
      columns: [
        { name: 'grantee', type: 'text' },
        { name: 'privilege_type', type: 'text' },
      ],
      rows: [['old', 'SELECT']],
    })
    const relation = "api.Relation.create(schema='s', identifier='i', type='table')"
    await rendered(`{% do apply_grants(${relation}, {'select': ['new']}, true) %}`, {}, { ask })
    expect(sent[1]).toBe('revoke SELECT on "s"."i" from "old"; grant select on "s"."i" to new')
  })
})

describe('run-operation', () => {
  const files = {
    'project.yml': 'name: demo\n',
    'macros/op.sql': `
{% macro add(a, b=2) %}{{ return(a + b) }}{% endmacro %}
{% macro sends(what) %}{% do run_query('select ' ~ what) %}{{ print('sent ' ~ what) }}{% endmacro %}`,
  }

  it('calls a macro with arguments and gives what it returns', async () => {
    const { renderer } = await compiled(files)
    expect(await renderer.runOperation('add', { a: 1 }, publishedScope())).toBe(3)
    expect(await renderer.runOperation('demo.add', { a: 1, b: 5 }, publishedScope())).toBe(6)
  })

  it('sends what the macro sends and says what it prints', async () => {
    const { renderer } = await compiled(files)
    const { ask, sent } = scriptedDatabase()
    const said: string[] = []
    await renderer.runOperation(
      'sends',
      { what: 'x' },
      publishedScope({ ask, log: (text) => said.push(text) }),
    )
    expect([sent, said]).toEqual([['select x'], ['sent x']])
  })

  it('suggests a macro when there is none of the name', async () => {
    const { renderer } = await compiled(files)
    expect(await failureOf(renderer.runOperation('ad', {}, publishedScope()))).toContain(
      "did you mean 'add'?",
    )
  })
})
