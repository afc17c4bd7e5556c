{#
What a project may change about snapshots: how their times are written, and what tells rows apart.

dispatches get_snapshot_table_column_names()
dispatches snapshot_get_time()
dispatches snapshot_hash_arguments(args)
dispatches snapshot_string_as_time(timestamp)
#}

{% macro postgres__snapshot_get_time() -%}
  {{ current_timestamp() }}::timestamp without time zone
{%- endmacro %}

{% macro postgres__snapshot_string_as_time(timestamp) %}
  {%- do return("'" ~ timestamp ~ "'::timestamp without time zone") -%}
{% endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
  md5({% for arg in args %}coalesce(cast({{ arg }} as varchar ), ''){{ " || '|' || " if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro default__get_snapshot_table_column_names() %}
  {%- do return({
    'dbt_valid_to': 'dbt_valid_to',
    'dbt_valid_from': 'dbt_valid_from',
    'dbt_scd_id': 'dbt_scd_id',
    'dbt_updated_at': 'dbt_updated_at',
    'dbt_is_deleted': 'dbt_is_deleted',
  }) -%}
{% endmacro %}

{% macro get_snapshot_get_time_data_type() %}
  {%- set columns = get_column_schema_from_query('select ' ~ snapshot_get_time() ~ ' as dbt_snapshot_time') -%}
  {%- do return(columns[0].dtype or none) -%}
{% endmacro %}


{% macro strategy_dispatch(name) %}
  {%- set parts = name.split('.') -%}
  {%- set space = context if parts | length == 1 else context[parts[0]] -%}
  {%- set found = space.get('snapshot_' ~ parts[-1] ~ '_strategy') -%}
  {%- if not found -%}
    {{ exceptions.raise_compiler_error('there is no macro snapshot_' ~ parts[-1] ~ '_strategy') }}
  {%- endif -%}
  {%- do return(found) -%}
{% endmacro %}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set updated_at = model_config['updated_at'] -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set key = model_config['unique_key'] -%}
  {%- do return({
    'unique_key': key,
    'updated_at': updated_at,
    'row_changed': '(' ~ snapshotted_rel ~ '.' ~ columns.dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')',
    'scd_id': snapshot_hash_arguments(([key] if key is string else key) + [updated_at]),
    'hard_deletes': adapter.get_hard_deletes_behavior(model_config),
    'invalidate_hard_deletes': adapter.get_hard_deletes_behavior(model_config) == 'invalidate',
  }) -%}
{% endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set key = model_config['unique_key'] -%}
  {%- set keys = [key] if key is string else key -%}
  {%- set checked = model_config['check_cols'] -%}
  {%- if checked == 'all' -%}{%- set checked = get_columns_in_query(node['compiled_code']) -%}{%- endif -%}
  {%- set updated_at = model_config.get('updated_at') or snapshot_get_time() -%}
  {%- set changes = [] -%}
  {%- for name in checked -%}
    {%- do changes.append(snapshotted_rel ~ '.' ~ name ~ ' is distinct from ' ~ current_rel ~ '.' ~ name) -%}
  {%- endfor -%}
  {%- do return({
    'unique_key': key,
    'updated_at': updated_at,
    'row_changed': '(' ~ (changes | join(' or ') or 'FALSE') ~ ')',
    'scd_id': snapshot_hash_arguments(keys + [updated_at]),
    'hard_deletes': adapter.get_hard_deletes_behavior(model_config),
    'invalidate_hard_deletes': adapter.get_hard_deletes_behavior(model_config) == 'invalidate',
  }) -%}
{% endmacro %}
