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

{# Whether a day is one of them. #}
{% macro is_open_day(column, day, more_days=0) -%}
{{ column }} >= {{ first_open_day(day, more_days) }}
{%- endmacro %}

{# The same of an instant, as it stands in the source: an index on it is used. #}
{% macro is_on_open_day(column, day, more_days=0) -%}
{{ column }} >= {{ first_open_day(day, more_days) }}::timestamp at time zone 'UTC'
{%- endmacro %}
