{#
  The variance of a metric over all units when only the active ones have a row and the others are zero:
  the two groups' means and squared deviations are joined (Chan, Golub and LeVeque 1979), which loses no digits.
  `values` is an expression over the active rows; `units` is the number of all units.
#}
{% macro mean_with_zeros(values, units) -%}
coalesce(sum({{ values }})::float8, 0) / nullif({{ units }}, 0)
{%- endmacro %}

{% macro variance_with_zeros(values, units) -%}
(
    coalesce(var_samp(({{ values }})::float8) * (count({{ values }}) - 1), 0)
    + coalesce(avg(({{ values }})::float8) ^ 2 * count({{ values }}), 0)
    * ({{ units }} - count({{ values }})) / nullif({{ units }}, 0)
) / nullif({{ units }} - 1, 0)
{%- endmacro %}

{# A rate that is null, not an error, when nothing was counted. #}
{% macro rate(part, whole) -%}
{{ part }}::float8 / nullif({{ whole }}, 0)
{%- endmacro %}
