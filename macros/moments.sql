{#
  The mean and the variance of a metric over all units when only the active ones have a row and the others are zero:
  the two groups' means and squared deviations are joined (Chan, Golub and LeVeque 1979), which loses no digits.
  `values` is an expression over the active rows that comes to whole numbers, `scale` what they are to be divided by:
  PostgreSQL adds whole numbers up exactly, so the order of rows does not show. `units` is the number of all units.
#}
{% macro mean_with_zeros(values, units, scale=1) -%}
coalesce(sum({{ values }})::float8, 0) / nullif({{ units }}, 0) / {{ scale }}
{%- endmacro %}

{% macro variance_with_zeros(values, units, scale=1) -%}
(
    coalesce(var_samp({{ values }})::float8 * (count({{ values }}) - 1), 0)
    + coalesce(avg({{ values }})::float8 ^ 2 * count({{ values }}), 0)
    * ({{ units }} - count({{ values }})) / nullif({{ units }}, 0)
) / nullif({{ units }} - 1, 0) / {{ scale }} ^ 2
{%- endmacro %}

{# A rate that is null, not an error, when nothing was counted. #}
{% macro rate(part, whole) -%}
{{ part }}::float8 / nullif({{ whole }}, 0)
{%- endmacro %}
