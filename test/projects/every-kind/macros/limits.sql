{% macro limit_of() %}{{ base_limit() }}{% endmacro %}
{% macro base_limit() %}2{% endmacro %}
