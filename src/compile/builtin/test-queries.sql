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

{% macro get_show_sql(compiled_code, sql_header, limit) %}
  {{- sql_header if sql_header is not none }}
  {{ get_limit_subquery_sql(compiled_code, limit) }}
{% endmacro %}

{% macro get_limit_subquery_sql(sql, limit) %}{{ adapter.dispatch('get_limit_sql', 'dbt')(sql, limit) }}{% endmacro %}

{% macro default__get_limit_sql(sql, limit) %}
  {{ sql }}
  {{ 'limit ' ~ limit if limit is not none }}
{% endmacro %}
