{# The units of one experiment, as its analysis reads them. #}
{% macro units_of(experiment_id) -%}
select *
from {{ ref('int_experiment_units') }}
where experiment_id = '{{ experiment_id }}'
{%- endmacro %}
