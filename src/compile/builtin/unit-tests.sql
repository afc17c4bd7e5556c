{#
Rows that a unit test writes down, as queries.

dispatches get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names)
dispatches validate_fixture_rows(rows, row_number)
#}

{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) %}
{%- set names = expected_column_names | join(', ') -%}
with dbt_internal_unit_test_actual as (
  select {{ names }}, {{ dbt.string_literal('actual') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ main_sql }}
  ) _dbt_internal_unit_test_actual
),
dbt_internal_unit_test_expected as (
  select {{ names }}, {{ dbt.string_literal('expected') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{% endmacro %}

{% macro default__validate_fixture_rows(rows, row_number) %}{% endmacro %}

{# A row with its names in lower case and its values as SQL of the column's type. #}
{% macro format_row(row, column_name_to_data_types) %}
  {%- set formatted = {} -%}
  {%- for key, value in row.items() -%}
    {%- set name = key | lower -%}
    {%- if name not in column_name_to_data_types -%}
      {{ exceptions.raise_compiler_error("a unit test of " ~ model.name ~ " writes the column '" ~ name ~ "', which is not one of " ~ (column_name_to_data_types.keys() | join(', '))) }}
    {%- endif -%}
    {%- set type = column_name_to_data_types[name] -%}
    {%- if value is string -%}
      {%- set type = type.split('(')[0] if 'varying' in type else type -%}
      {%- set value = dbt.string_literal(dbt.escape_single_quotes(value)) -%}
    {%- endif -%}
    {%- do formatted.update({name: safe_cast('null' if value is none else value, type)}) -%}
  {%- endfor -%}
  {%- do return(formatted) -%}
{% endmacro %}

{% macro get_fixture_sql(rows, column_name_to_data_types) %}
  {%- set quoted = {} -%}
  {%- set types = column_name_to_data_types or {} -%}
  {%- if not types -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
      {%- do types.update({column.name | lower: column.data_type}) -%}
      {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
  {%- endif -%}
  {%- do validate_fixture_rows(rows, none) -%}
  {%- set empty = {} -%}
  {%- for name, type in types.items() -%}{%- do empty.update({name: safe_cast('null', type) | trim}) -%}{%- endfor -%}
  {%- for row in rows or [{}] %}
    {%- set values = empty.copy() -%}
    {%- do values.update(format_row(row, types)) %}
    select {% for name, value in values.items() %}{{ value }} as {{ quoted.get(name, name) }}{{ ', ' if not loop.last }}{% endfor %}
    {%- if not rows %} limit 0{% endif %}
    {{ 'union all' if not loop.last }}
  {%- endfor %}
{% endmacro %}

{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) %}
  {%- if not rows %}
    select * from dbt_internal_unit_test_actual limit 0
  {%- endif -%}
  {%- for row in rows %}
    select {% for name, value in format_row(row, column_name_to_data_types).items() %}{{ value }} as {{ column_name_to_quoted[name] }}{{ ', ' if not loop.last }}{% endfor %}
    {{ 'union all' if not loop.last }}
  {%- endfor %}
{% endmacro %}
