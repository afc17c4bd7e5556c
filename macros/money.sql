{# Whole cents are exact and quick to add up; what people read is an amount. #}
{% macro cents_to_amount(cents) -%}
({{ cents }} / 100.0)::numeric(14, 2)
{%- endmacro %}
