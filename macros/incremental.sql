{#
  Keeps an incremental run to the latest days: from `lookback_days` before the latest day that is there.
  The rows of those days are made anew and replace the old ones, so a run may be repeated.
#}
{% macro latest_days(column, date_column) -%}
{{ column }} >= (
    select coalesce(max({{ date_column }}), {{ start_date() }}) - {{ var('lookback_days') }}
    from {{ this }}
)
{%- endmacro %}
