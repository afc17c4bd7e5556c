import { describe, expect, it, test } from 'vitest'
import { failureOf, rendered, scriptedDatabase } from './parse-project.ts'

describe('names of the context', () => {
  const files = {
    'project.yml': 'name: demo\nvars: {plain: hello, made: "{{ 1 + 1 }}", demo: {own: mine}}\n',
    'models/orders.sql': "{{ config(materialized='table', meta={'owner': 'ann'}) }}\nselect 1 as id",
    'models/small.sql': "{{ config(materialized='ephemeral') }}\nselect 2 as id",
  }
  test.each([
    ['{{ ref("orders") }}', '"shop"."analytics"."orders"'],
    ['{{ ref("demo", "orders").identifier }}', 'orders'],
    ['{{ target.schema }} {{ target.name }} {{ schema }} {{ database }}', 'analytics dev analytics shop'],
    ['{{ var("plain") }} {{ var("made") }} {{ var("own") }} {{ var("none", "d") }}', 'hello 2 mine d'],
    ['{{ var("demo").own }}', 'mine'],
    ['{{ var("none", none) }} {{ var("none", default=1) }}', 'None 1'],
    ['{{ var.has_var("plain") }} {{ var.has_var("x") }}', 'True False'],
    ['{{ execute }} {{ project_name }} {{ dbt_version.split(".")[0] }}', 'True demo 1'],
    ['{{ run_started_at.strftime("%Y-%m-%d") }} {{ invocation_id }}', '2026-01-31 run-1'],
    ['{{ flags.FULL_REFRESH }} {{ flags.WHICH }}', 'False run'],
    ['{{ fromjson("[1, 2]")[1] }} {{ tojson({"a": none}) }}', '2 {"a": null}'],
    ['{{ fromyaml("a: [1, x]").a }} {{ toyaml({"a": 1}) | trim }}', "[1, 'x'] a: 1"],
    ['{{ fromyaml("a: 1\\nb: x\\na: 2") }} {{ fromyaml("a: [", 7) }}', "{'a': 2, 'b': 'x'} 7"],
    [
      '{{ fromyaml("a: 1.0\\nb: 08\\nc: 1_0\\nd: 1e3\\ne: E8") }}',
      "{'a': 1.0, 'b': '08', 'c': 10, 'd': '1e3', 'e': 'E8'}",
    ],
    [
      '{{ toyaml({"a": 1.0, "b": "08", "c": "x: y", "d": "no", "e": none}) | trim }}',
      "a: 1.0\nb: 08\nc: 'x: y'\nd: 'no'\ne: null",
    ],
    [
      '{% do context.update({"seen": [1]}) %}{{ context.get("seen") }} {{ seen }} {{ context.get("__gone", 2) }}',
      '[1] [1] 2',
    ],
    ['{{ set([1, 1, 2]) | length }} {{ zip([1], ["a"]) | list }}', "2 [(1, 'a')]"],
    ['{{ local_md5("x") }}', '9dd4e461268c8034f5c8564e155c67a6'],
    ['{{ diff_of_two_dicts({"select": ["a", "b"]}, {"SELECT": ["A"]}) }}', "{'select': ['b']}"],
    ['{{ graph.nodes["model.demo.orders"].config.materialized }}', 'table'],
    ['{{ graph.nodes["model.demo.orders"].config.meta.owner }}', 'ann'],
    ['{{ builtins.ref("orders").name }} {{ context.get("nothing") is none }}', 'orders True'],
    ['{{ modules.itertools.chain([1], [2]) | list }}', '[1, 2]'],
    ['{{ render("{{ 1 + 1 }}") }}', '2'],
    ['{{ adapter.type() }} {{ adapter.quote("a b") }}', 'postgres "a b"'],
    ['{{ adapter.valid_incremental_strategies() | join(" ") }}', 'append delete+insert merge microbatch'],
  ])('%s', async (template, expected) => {
    expect(await rendered(template, files)).toBe(expected)
  })

  it('writes an ephemeral model into its reader under the name that its relation prints', async () => {
    expect(await rendered('select * from {{ ref("small") }}', files)).toMatch(
      /^with __dbt__cte__small as \(\s+select 2 as id\s+\)\s+select \* from __dbt__cte__small$/,
    )
  })

  it('tells templates the vars of the command line as such', async () => {
    const template = '{{ invocation_args_dict.vars }}'
    expect(await rendered(template, files)).toBe('{}')
    expect(await rendered(template, files, {}, { vars: { plain: 'said' } })).toBe("{'plain': 'said'}")
  })

  it('says what a var or environment variable without value is', async () => {
    expect(await failureOf(rendered('{{ var("gone") }}'))).toContain("var 'gone' has no value")
    expect(await failureOf(rendered('{{ env_var("GONE") }}'))).toContain('GONE is not set')
  })

  it('keeps secrets out of SQL', async () => {
    const failure = failureOf(
      rendered('{{ env_var("DBT_ENV_SECRET_KEY") }}', {}, {}, { env: { DBT_ENV_SECRET_KEY: 'k' } }),
    )
    expect(await failure).toContain('holds a secret')
  })
})

describe('api.Relation', () => {
  const relation = "api.Relation.create(database='d', schema='s', identifier='i', type='view')"
  test.each([
    [`{{ ${relation} }}`, '"d"."s"."i"'],
    [`{{ ${relation}.include(database=false) }}`, '"s"."i"'],
    [`{{ ${relation}.quote(identifier=false) }}`, '"d"."s".i'],
    [`{{ ${relation}.without_identifier() }}`, '"d"."s"'],
    [`{{ ${relation}.incorporate(path={'identifier': 'j'}, type='table').is_table }}`, 'True'],
    [`{{ ${relation}.information_schema('columns') }}`, '"d".INFORMATION_SCHEMA.columns'],
    [`{{ ${relation}.is_view }} {{ ${relation}.is_cte }}`, 'True False'],
    [`{{ ${relation} == ${relation} }} {{ ${relation} is mapping }}`, 'True True'],
    [`{{ ${relation}.get('metadata', {}).get('type', '').endswith('Relation') }}`, 'True'],
    ['{{ api.Relation.get_default_quote_policy().identifier }} {{ api.Relation.View }}', 'True view'],
  ])('%s', async (template, expected) => {
    expect(await rendered(template)).toBe(expected)
  })
})

describe('api.Column', () => {
  test.each([
    ["{{ api.Column.translate_type('string') }} {{ api.Column.translate_type('int') }}", 'TEXT int'],
    ["{{ api.Column.create('a', 'string').data_type }}", 'TEXT'],
    ["{{ api.Column('a', 'character varying', 10).data_type }}", 'character varying(10)'],
    ["{{ api.Column('a', 'numeric', none, 10, 2).data_type }}", 'numeric(10,2)'],
    ["{{ api.Column('a', 'integer').is_number() }} {{ api.Column('a', 'text').is_string() }}", 'True True'],
    ["{{ api.Column('a b', 'text').quoted }} {{ api.Column('a', 'text') }}", '"a b" <Column a (text)>'],
    ["{{ api.Column('a', 'varchar', 5).can_expand_to(api.Column('a', 'varchar', 9)) }}", 'True'],
  ])('%s', async (template, expected) => {
    expect(await rendered(template)).toBe(expected)
  })
})

describe('questions to the database', () => {
  const columns = [
    { name: 'n', type: 'int8' },
    { name: 'd', type: 'numeric' },
    { name: 't', type: 'text' },
    { name: 'day', type: 'date' },
  ]
  const answer = {
    columns,
    rows: [
      [1, '10.50', 'a', '2026-01-31'],
      [2, '3', null, null],
    ],
    rowCount: 2,
  }

  test.each([
    ['{{ r.columns[0].values() }}', '(1, 2)'],
    ['{{ r.columns["t"].values() | list }}', "['a', None]"],
    ['{{ r.rows[0]["d"] }} {{ r.rows[1][1] }}', '10.50 3'],
    ['{{ r.rows[0].day.strftime("%d.%m.%Y") }}', '31.01.2026'],
    ['{% for row in r %}{{ row.n }}{{ row[2] }} {% endfor %}', '1a 2None'],
    ['{{ r.column_names | join(",") }} {{ r | length }}', 'n,d,t,day 2'],
    ['{{ dict(zip(r.columns["t"].values(), r.columns["n"].values())) }}', "{'a': 1, None: 2}"],
    ['{{ r.columns | map(attribute="name") | join(" ") }}', 'n d t day'],
    ['{{ r.select(["d", "n"]).rows[0].values() }}', '(10.50, 1)'],
    ['{{ r.rows | map(attribute=0) | sum }}', '3'],
  ])('gives the rows of run_query: %s', async (template, expected) => {
    const { ask } = scriptedDatabase(answer)
    expect(await rendered(`{% set r = run_query('select 1') %}${template}`, {}, { ask })).toBe(expected)
  })

  it('sends each statement once and in order, however often the template is rendered again', async () => {
    const { ask, sent } = scriptedDatabase({ rows: [[1]], columns: [{ name: 'a', type: 'int4' }] })
    const said: string[] = []
    const template = `
      {{ log('first', info=true) }}
      {% set one = run_query('select a').rows[0][0] %}
      {% do run_query('insert ' ~ one) %}
      {{ log('second ' ~ one, info=true) }}
      {% do run_query('insert ' ~ one) %}`
    await rendered(template, {}, { ask, log: (message) => said.push(message) })
    expect(sent).toEqual(['select a', 'insert 1', 'insert 1'])
    expect(said).toEqual(['first', 'second 1'])
  })

  it('lets time stand still while a template is rendered again', async () => {
    const { ask, sent } = scriptedDatabase()
    const now = 'modules.datetime.datetime.now().isoformat()'
    const template = `{% set a = ${now} %}{% do run_query('x') %}{{ a == ${now} }}`
    expect(await rendered(template, {}, { ask })).toBe('True')
    expect(sent).toEqual(['x'])
  })

  it('keeps the result of a statement for one reading', async () => {
    const { ask } = scriptedDatabase(answer)
    const statement = "{% call statement('mine', fetch_result=true) %}select 1{% endcall %}"
    const text = `${statement}{% set s = load_result('mine') %}{{ s.data }} {{ s.response }}`
    expect(await rendered(`${text} {{ load_result('never') }}`, {}, { ask })).toContain('SELECT 2 None')
    const again = `${text}{{ load_result('mine') }}`
    expect(await failureOf(rendered(again, {}, { ask: scriptedDatabase(answer).ask }))).toContain(
      'loaded before',
    )
  })

  it('points to the template when a statement fails', async () => {
    const ask = async () => {
      throw new Error('column "x" does not exist')
    }
    const failure = await failureOf(rendered("\n{% do run_query('select x') %}", {}, { ask }))
    expect(failure).toMatch(/column "x" does not exist\s+\[sql-error\]/)
    expect(failure).toContain('<inline>:2:')
  })

  it('cannot be asked without a connection', async () => {
    expect(await failureOf(rendered("{{ run_query('select 1') }}"))).toContain('[database-needed]')
  })

  it('knows a relation by its parts, and none when there is none', async () => {
    const there = scriptedDatabase({ rows: [['view']] })
    const template = "{% set r = adapter.get_relation('shop', 's', 'i') %}"
    expect(await rendered(`${template}{{ r }} {{ r.type }}`, {}, { ask: there.ask })).toBe(
      '"shop"."s"."i" view',
    )
    expect(await rendered(`${template}{{ r is none }}`, {}, { ask: scriptedDatabase().ask })).toBe('True')
  })

  it('reads a relation that is named by its parts where the run has it', async () => {
    const relationOf = ({ identifier }: { identifier: string }) => ({ schema: 'build', identifier })
    const template = "{{ api.Relation.create(database='shop', schema='analytics', identifier='i') }}"
    expect(await rendered(template, {}, { relationOf })).toBe('"shop"."build"."i"')
  })
})

describe('exceptions', () => {
  test.each([
    ["{{ exceptions.raise_compiler_error('no such thing') }}", 'no such thing'],
    ["{{ exceptions.raise_not_implemented('later') }}", 'later'],
    ["{{ exceptions.relation_wrong_type(api.Relation.create(identifier='i'), 'table') }}", 'is not a table'],
    ["{{ submit_python_job(model, 'x') }}", 'models in Python'],
  ])('%s', async (template, message) => {
    expect(await failureOf(rendered(template))).toContain(message)
  })

  it('warns and goes on', async () => {
    const said: string[] = []
    const log = (message: string) => said.push(message)
    expect(await rendered("{{ exceptions.warn('odd') }}fine", {}, { log })).toBe('fine')
    expect(said).toEqual(['odd'])
  })
})
