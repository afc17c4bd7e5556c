{#
Columns of tables that change, and what a contract says of them.

dispatches alter_column_type(relation, column_name, new_column_type)
dispatches alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none)
dispatches diff_column_data_types(source_columns, target_columns)
dispatches format_column(column)
dispatches get_assert_columns_equivalent(sql)
dispatches get_column_names()
dispatches get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns)
dispatches get_select_subquery(sql)
dispatches get_table_columns_and_constraints()
#}

{% macro get_quoted_csv(column_names) %}
  {%- set quoted = [] -%}
  {%- for name in column_names -%}{%- do quoted.append(adapter.quote(name)) -%}{%- endfor -%}
  {%- do return(quoted | join(', ')) -%}
{% endmacro %}

{# Columns of the first list that the second has not. #}
{% macro diff_columns(source_columns, target_columns) %}
  {%- set known = target_columns | map(attribute='column') | list -%}
  {%- set missing = [] -%}
  {%- for column in source_columns if column.name not in known -%}{%- do missing.append(column) -%}{%- endfor -%}
  {%- do return(missing) -%}
{% endmacro %}

{% macro default__diff_column_data_types(source_columns, target_columns) %}
  {%- set changes = [] -%}
  {%- for column in source_columns -%}
    {%- set there = target_columns | selectattr('name', 'equalto', column.name) | list | first -%}
    {%- if there and column.data_type != there.data_type and not column.can_expand_to(other_column=there) -%}
      {%- do changes.append({'column_name': there.name, 'new_type': column.data_type}) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- do return(changes) -%}
{% endmacro %}

{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {%- if merge_update_columns and merge_exclude_columns -%}
    {{ exceptions.raise_compiler_error('a model sets merge_update_columns or merge_exclude_columns, not both') }}
  {%- endif -%}
  {%- if merge_update_columns -%}{%- do return(merge_update_columns) -%}{%- endif -%}
  {%- set excluded = (merge_exclude_columns or []) | map('lower') | list -%}
  {%- set updated = [] -%}
  {%- for column in dest_columns if column.column | lower not in excluded -%}
    {%- do updated.append(column.quoted) -%}
  {%- endfor -%}
  {%- do return(updated) -%}
{% endmacro %}

{# The type of a filled column is changed by way of a new one. #}
{% macro default__alter_column_type(relation, column_name, new_column_type) %}
  {%- set old = adapter.quote(column_name) -%}
  {%- set new = adapter.quote(column_name ~ '__dbt_alter') -%}
  {%- call statement('alter_column_type') -%}
    alter table {{ relation }} add column {{ new }} {{ new_column_type }};
    update {{ relation }} set {{ new }} = {{ old }};
    alter table {{ relation }} drop column {{ old }} cascade;
    alter table {{ relation }} rename column {{ new }} to {{ old }}
  {%- endcall -%}
{% endmacro %}

{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {%- set changes = [] -%}
  {%- for column in add_columns or [] -%}
    {%- do changes.append('add column ' ~ column.quoted ~ ' ' ~ column.data_type) -%}
  {%- endfor -%}
  {%- for column in remove_columns or [] -%}{%- do changes.append('drop column ' ~ column.quoted) -%}{%- endfor -%}
  {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' ' ~ changes | join(', ')) -%}
{% endmacro %}

{# Contracts. #}

{% macro default__get_table_columns_and_constraints() %}{{ return(table_columns_and_constraints()) }}{% endmacro %}

{% macro table_columns_and_constraints() %}
  {%- set lines = adapter.render_raw_columns_constraints(raw_columns=model['columns'])
      + adapter.render_raw_model_constraints(raw_constraints=model['constraints']) -%}
    ( {{ lines | join(', ') }} )
{% endmacro %}

{% macro default__get_assert_columns_equivalent(sql) %}{{ return(assert_columns_equivalent(sql)) }}{% endmacro %}

{% macro assert_columns_equivalent(sql) %}
  {%- if not model['columns'] -%}{{ exceptions.raise_contract_error([], []) }}{%- endif -%}
  {%- set given = format_columns(get_column_schema_from_query(sql, config.get('sql_header', none))) -%}
  {%- set promised = format_columns(get_column_schema_from_query(get_empty_schema_sql(model['columns']))) -%}
  {%- set given_set = given | map(attribute='formatted') | sort -%}
  {%- if given_set != promised | map(attribute='formatted') | sort -%}
    {%- do exceptions.raise_contract_error(promised, given) -%}
  {%- endif -%}
{% endmacro %}

{% macro format_columns(columns) %}
  {%- set formatted = [] -%}
  {%- for column in columns -%}
    {%- do formatted.append(adapter.dispatch('format_column', 'dbt')(column)) -%}
  {%- endfor -%}
  {%- do return(formatted) -%}
{% endmacro %}

{% macro default__format_column(column) %}
  {%- do return({'name': column.name, 'data_type': column.dtype, 'formatted': column.name | lower ~ ' ' ~ column.dtype}) -%}
{% endmacro %}

{% macro default__get_column_names() %}
  {%- set names = [] -%}
  {%- for key in model['columns'] -%}
    {%- set column = model['columns'][key] -%}
    {%- do names.append(adapter.quote(column['name']) if column.get('quote') else column['name']) -%}
  {%- endfor -%}
  {{ names | join(', ') }}
{% endmacro %}

{% macro default__get_select_subquery(sql) %}
    select {{ adapter.dispatch('get_column_names', 'dbt')() }}
    from (
        {{ sql }}
    ) as model_subq
{% endmacro %}
