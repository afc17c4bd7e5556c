{#
  Which days an increment makes anew: those from `lookback_days` before the latest one that the table has, and from
  `more_days` earlier where a row changes by what comes days after it. `day` is the table's own column of days. All rows
  of those days are replaced, so a run may be repeated, and a row that has moved to another day is not there twice.
#}
{% macro first_open_day(day, more_days=0) -%}
(
    select coalesce(max({{ day }}), {{ start_date() }}) - {{ var('lookback_days') + more_days }}
    from {{ this }}
)
{%- endmacro %}

{#
  Whether a day is one of them. PostgreSQL takes a third of a table to be beyond a bound that it has still to look up,
  and half a percent to be between two: the second one, which says nothing, is what makes it use the index.
#}
{% macro is_open_day(column, day, more_days=0) -%}
{{ column }} >= {{ first_open_day(day, more_days) }} and {{ column }} < 'infinity'
{%- endmacro %}

{# The same of an instant. #}
{% macro is_on_open_day(column, day, more_days=0) -%}
{{ column }} >= {{ first_open_day(day, more_days) }}::timestamp at time zone 'UTC' and {{ column }} < 'infinity'
{%- endmacro %}
