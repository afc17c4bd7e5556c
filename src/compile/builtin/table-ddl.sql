{#
Filling relations from a query.

dispatches create_indexes(relation)
dispatches create_view_as(relation, sql)
dispatches get_create_index_sql(relation, index_dict)
dispatches get_create_materialized_view_as_sql(relation, sql)
dispatches get_create_table_as_sql(temporary, relation, sql)
dispatches get_create_view_as_sql(relation, sql)
dispatches get_drop_index_sql(relation, index_name)
dispatches get_replace_view_sql(relation, sql)
dispatches get_show_indexes_sql(relation)
dispatches refresh_materialized_view(relation)
#}

{% macro default__get_create_table_as_sql(temporary, relation, sql) %}
  {%- do return(create_table_as(temporary, relation, sql)) -%}
{% endmacro %}

{# The language is for adapters that know more than SQL, which Postgres' implementation is not told of. #}
{% macro create_table_as(temporary, relation, compiled_code, language='sql') %}
  {%- if language == 'sql' -%}
    {{ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code) }}
  {%- else -%}
    {{ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language) }}
  {%- endif -%}
{% endmacro %}

{% macro default__create_table_as(temporary, relation, compiled_code, language='sql') %}
  {%- do return(postgres__create_table_as(temporary, relation, compiled_code)) -%}
{% endmacro %}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
  {%- set is_contract = config.get('contract') and config.get('contract').enforced -%}
  {%- set kind = 'temporary ' if temporary else ('unlogged ' if config.get('unlogged', default=false) else '') -%}
  {%- if is_contract -%}{{ get_assert_columns_equivalent(sql) }}{%- endif -%}
  {{ config.get('sql_header', none) or '' }}
  create {{ kind }}table {{ relation }}
  {% if is_contract and not temporary -%}
    {{ get_table_columns_and_constraints() }};
    insert into {{ relation }} ({{ adapter.dispatch('get_column_names', 'dbt')() }})
    (
      {{ get_select_subquery(sql) }}
    );
  {%- else -%}
    as
    (
      {{ sql }}
    );
  {%- endif -%}
{%- endmacro %}

{% macro default__get_create_view_as_sql(relation, sql) %}{{ return(create_view_as(relation, sql)) }}{% endmacro %}

{% macro default__create_view_as(relation, sql) -%}
  {%- if config.get('contract') and config.get('contract').enforced -%}{{ get_assert_columns_equivalent(sql) }}{%- endif -%}
  {{ config.get('sql_header', none) or '' }}
  create view {{ relation }} as (
    {{ sql }}
  );
{%- endmacro %}

{% macro default__get_replace_view_sql(relation, sql) -%}
  {{ config.get('sql_header', none) or '' }}
  create or replace view {{ relation }} as (
    {{ sql }}
  );
{%- endmacro %}

{# Makes a view whatever stands there under its name. #}
{% macro create_or_replace_view() %}
  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set existing = load_cached_relation(this) -%}
  {{ run_hooks(pre_hooks) }}
  {%- if existing is not none and not existing.is_view -%}{%- do handle_existing_table(should_full_refresh(), existing) -%}{%- endif -%}
  {%- call statement('main') -%}{{ get_replace_view_sql(target_relation, sql) }}{%- endcall -%}
  {{ run_hooks(post_hooks) }}
  {%- do return({'relations': [target_relation]}) -%}
{% endmacro %}

{% macro handle_existing_table(full_refresh, old_relation) %}
  {%- do adapter.dispatch('handle_existing_table', 'dbt')(full_refresh, old_relation) -%}
{% endmacro %}

{% macro default__handle_existing_table(full_refresh, old_relation) %}
  {%- do adapter.drop_relation(old_relation) -%}
{% endmacro %}

{% macro default__get_create_materialized_view_as_sql(relation, sql) %}
  create materialized view if not exists {{ relation }} as {{ sql }};
  {% for index in config.get('indexes', []) or [] -%}
    {{ get_create_index_sql(relation, index) }};
  {% endfor %}
{% endmacro %}

{% macro default__refresh_materialized_view(relation) %}refresh materialized view {{ relation }}{% endmacro %}

{# Indexes. #}

{% macro default__create_indexes(relation) %}
  {%- for index in config.get('indexes', default=[]) or [] -%}
    {%- set text = get_create_index_sql(relation, index) -%}
    {%- if text -%}{%- do run_query(text) -%}{%- endif -%}
  {%- endfor -%}
{% endmacro %}

{% macro default__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {{ 'unique ' if index.unique }}index if not exists {{ adapter.quote(index.render(relation)) }}
  on {{ relation }} {{ 'using ' ~ index.type if index.type }} ({{ index.columns | join(', ') }})
{%- endmacro %}

{% macro default__get_drop_index_sql(relation, index_name) -%}
  drop index if exists {{ adapter.quote(relation.schema) }}.{{ adapter.quote(index_name) }}
{%- endmacro %}

{% macro default__get_show_indexes_sql(relation) %}
  select
    index_class.relname as name,
    method.amname as method,
    i.indisunique as "unique",
    string_agg(a.attname, ',' order by array_position(i.indkey::int2[], a.attnum)) as column_names
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as index_class on index_class.oid = i.indexrelid
  join pg_catalog.pg_am as method on method.oid = index_class.relam
  join pg_catalog.pg_class as c on c.oid = i.indrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = any (i.indkey)
  where c.relname = '{{ relation.identifier }}' and n.nspname = '{{ relation.schema }}'
  group by 1, 2, 3
  order by 1, 2, 3
{% endmacro %}
