{#
What tests and previews run.

dispatches get_limit_sql(sql, limit)
dispatches get_test_sql(main_sql, fail_calc, warn_if, error_if, limit=none)
dispatches get_where_subquery(relation)
#}

{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}
    select
      {{ fail_calc }} as failures,
      {{ fail_calc }} {{ warn_if }} as should_warn,
      {{ fail_calc }} {{ error_if }} as should_error
    from (
      {{ main_sql }}
      {{ 'limit ' ~ limit if limit is not none }}
    ) dbt_internal_test
{% endmacro %}

{% macro default__get_where_subquery(relation) %}
  {%- set where = config.get('where', '') -%}
  {%- if not where -%}{%- do return(relation) -%}{%- endif -%}
  {%- do return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') dbt_subquery') -%}
{% endmacro %}

{# For materializations of tests that a project has: the usual one, and what theirs comes to. `failing_rows` selects
what the test finds, from where it is kept if it is kept. #}

{% macro materialization_test_default() %}
  {%- call statement('main', fetch_result=True) -%}
    {{ get_test_sql(failing_rows, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), none) }}
  {%- endcall -%}
  {%- do return({'relations': []}) -%}
{% endmacro %}

{% macro rows_of_main() %}
  {%- set main = load_result('main') -%}
  {%- set found = [] -%}
  {%- for row in (main.table.rows if main else []) -%}{%- do found.append(row.dict()) -%}{%- endfor -%}
  {%- do return(found) -%}
{% endmacro %}

{% macro get_show_sql(compiled_code, sql_header, limit) %}
  {{- sql_header if sql_header is not none }}
  {{ get_limit_subquery_sql(compiled_code, limit) }}
{% endmacro %}

{% macro get_limit_subquery_sql(sql, limit) %}{{ adapter.dispatch('get_limit_sql', 'dbt')(sql, limit) }}{% endmacro %}

{% macro default__get_limit_sql(sql, limit) %}
  {{ sql }}
  {{ 'limit ' ~ limit if limit is not none }}
{% endmacro %}
