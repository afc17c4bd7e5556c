{% macro cents(col) %}({{ col }} * 100)::int{% endmacro %}
{% test at_least(model, column_name, minimum=0) %}
select * from {{ model }} where {{ column_name }} < {{ minimum }}
{% endtest %}
