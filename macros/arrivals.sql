{#
  Lets be there what has come of the product by the morning of a day, counted from the first: the world is invented at
  once, and this holds back in `product_later` what its users have not done yet. One event in fifty comes a day or two
  late, but not the first of a session, on which exposures hang. May be called again, and with an earlier day.
#}
{% macro let_come(days) %}
{%- set arrivals = {
  'users': utc_date('signup_time'),
  'assignments': utc_date('exposed_at'),
  'events': utc_date('event_time') ~ ' + case when event_id % 50 = 0 and event_id <> session_id'
    ~ ' then 1 + (event_id / 50 % 2)::int else 0 end',
} -%}
{% set end = "date '" ~ var('start_date') ~ "' + " ~ (days | int) %}
{% do run_query('create schema if not exists product_later') %}
{% for name, day in arrivals.items() %}
  {% set here = source('product', name) %}
  {% set later = 'product_later.' ~ name %}
  {% do run_query('create table if not exists ' ~ later ~ ' (like ' ~ here ~ ' including all)') %}
  {% do run_query(move_rows(here, later, day ~ ' >= ' ~ end)) %}
  {% do run_query(move_rows(later, here, day ~ ' < ' ~ end)) %}
{% endfor %}
{% endmacro %}

{# Moves the rows for which something holds from a table into another. #}
{% macro move_rows(from, to, condition) -%}
with moved as (delete from {{ from }} where {{ condition }} returning *)
insert into {{ to }} select * from moved
{%- endmacro %}
