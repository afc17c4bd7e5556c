{% macro rounded(column) %}{{ return(adapter.dispatch('rounded', 'toolbox')(column)) }}{% endmacro %}

{% macro default__rounded(column) %}round({{ column }}, {{ var('rounding', 0) }}){% endmacro %}

{% test in_range(model, column_name, minimum, maximum) %}
select * from {{ model }} where not {{ column_name }} between {{ minimum }} and {{ maximum }}
{% endtest %}

{% test more_rows_than(model, other) %}
{{ config(fail_calc='coalesce(sum(missing), 0)') }}
select 1 as missing from {{ model }} having count(*) <= (select count(*) from {{ other }})
{% endtest %}
