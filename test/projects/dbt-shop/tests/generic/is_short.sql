{% test is_short(model, column_name, length=10) %}
{{ config(fail_calc='sum(length)', severity='warn') }}
select length({{ column_name }}) as length from {{ model }} where length({{ column_name }}) > {{ length }}
{% endtest %}
