{#
What a project may change about snapshots: how their times are written, what tells rows apart, and the statements
that take one. Where a project changes nothing none of this runs: the statements are then our own.

A strategy is a macro `snapshot_<name>_strategy`; it says in SQL over `snapshotted_data` (the versions that hold) and
`source_data` (the rows as they are now) which row changed. The staging table holds what is to become of versions:
in `dbt_change_type` `insert`, `update` (it ends, another begins) or `delete` (it ends).

dispatches build_snapshot_table(strategy, sql)
dispatches create_columns(relation, columns)
dispatches get_snapshot_table_column_names()
dispatches get_true_sql()
dispatches post_snapshot(staging_relation)
dispatches snapshot_get_time()
dispatches snapshot_hash_arguments(args)
dispatches snapshot_merge_sql(target, source, insert_cols)
dispatches snapshot_staging_table(strategy, source_sql, target_relation)
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

{% macro get_updated_at_column_data_type(snapshot_sql) %}
  {%- for column in get_column_schema_from_query(snapshot_sql) if column.name | lower == 'dbt_updated_at' -%}
    {%- do return(column.dtype or none) -%}
  {%- endfor -%}
  {%- do return(none) -%}
{% endmacro %}

{% macro check_time_data_types(sql) %}
  {%- set own = get_snapshot_get_time_data_type() -%}
  {%- set theirs = get_updated_at_column_data_type(sql) -%}
  {%- if own is not none and theirs is not none and own != theirs -%}
    {%- do exceptions.warn_snapshot_timestamp_data_types(own, theirs) -%}
  {%- endif -%}
{% endmacro %}

{% macro default__get_true_sql() %}
  {%- do return('TRUE') -%}
{% endmacro %}

{% macro default__create_columns(relation, columns) %}
  {%- for column in columns -%}
    {%- call statement() -%}
      alter table {{ relation.render() }} add column {{ adapter.quote(column.name) }} {{ column.expanded_data_type }}
    {%- endcall -%}
  {%- endfor -%}
{% endmacro %}

{% macro default__post_snapshot(staging_relation) %}
{% endmacro %}


{# Which strategy, and how it sees that a row changed. #}

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
  {%- set updated_at = config.get('updated_at') -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set changed = '(' ~ snapshotted_rel ~ '.' ~ columns.dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')' -%}
  {%- do return(estimand_strategy(updated_at, changed)) -%}
{% endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set updated_at = config.get('updated_at') or snapshot_get_time() -%}
  {%- set is_added, checked = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) -%}
  {%- set changes = [] -%}
  {%- for name in checked -%}
    {%- do changes.append(snapshotted_rel ~ '.' ~ name ~ ' is distinct from ' ~ current_rel ~ '.' ~ name) -%}
  {%- endfor -%}
  {%- set changed = get_true_sql() if is_added else (changes | join(' or ') or 'FALSE') -%}
  {%- do return(estimand_strategy(updated_at, '(' ~ changed ~ ')')) -%}
{% endmacro %}

{# What both have in common. #}
{% macro estimand_strategy(updated_at, row_changed) %}
  {%- set key = config.get('unique_key') -%}
  {%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
  {%- do return({
    'unique_key': key,
    'updated_at': updated_at,
    'row_changed': row_changed,
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(key, updated_at)),
    'hard_deletes': hard_deletes,
    'invalidate_hard_deletes': hard_deletes == 'invalidate',
  }) -%}
{% endmacro %}

{# Whether the query has a column to check that the table has not, and those to check that it has, quoted. #}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
  {%- if not target_exists -%}
    {%- do return((false, [])) -%}
  {%- endif -%}
  {%- if check_cols_config != 'all' and (check_cols_config is string or not check_cols_config) -%}
    {{ exceptions.raise_compiler_error("check_cols must be 'all' or a list of columns, not " ~ check_cols_config) }}
  {%- endif -%}
  {%- set written = '*' if check_cols_config == 'all' else check_cols_config | join(', ') -%}
  {%- set wanted = get_columns_in_query('select ' ~ written ~ ' from (\n' ~ node['compiled_code'] ~ '\n) subq') -%}
  {%- set target = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) -%}
  {%- set there = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
  {%- set both = [] -%}
  {%- for name in wanted if name in there -%}
    {%- do both.append(adapter.quote(name)) -%}
  {%- endfor -%}
  {%- do return((both | length < wanted | length, both)) -%}
{% endmacro %}


{# Keys: one expression, or several. #}

{% macro unique_key_fields(unique_key) %}
  {%- if unique_key is string -%}
    {{ unique_key }} as dbt_unique_key
  {%- else -%}
    {%- for key in unique_key %}{{ key }} as dbt_unique_key_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor -%}
  {%- endif -%}
{% endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) %}
  {%- for name in estimand_key_names(unique_key) -%}
    {{ equals(identifier ~ '.' ~ name, from_identifier ~ '.' ~ name) }}{{ ' and ' if not loop.last }}
  {%- endfor -%}
{% endmacro %}

{% macro unique_key_is_null(unique_key, identifier) %}
  {{- identifier }}.{{ estimand_key_names(unique_key)[0] }} is null
{%- endmacro %}

{% macro unique_key_is_not_null(unique_key, identifier) %}
  {{- identifier }}.{{ estimand_key_names(unique_key)[0] }} is not null
{%- endmacro %}

{% macro estimand_key_names(unique_key) %}
  {%- set names = ['dbt_unique_key'] if unique_key is string else [] -%}
  {%- if unique_key is not string -%}
    {%- for _ in unique_key -%}{%- do names.append('dbt_unique_key_' ~ loop.index) -%}{%- endfor -%}
  {%- endif -%}
  {%- do return(names) -%}
{% endmacro %}


{# The first versions. #}

{% macro get_dbt_valid_to_current(strategy, columns) %}
  {#- A null of the type that the times have. -#}
  coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ config.get('dbt_valid_to_current') or 'null' }}) as {{ columns.dbt_valid_to }}
{%- endmacro %}

{% macro default__build_snapshot_table(strategy, sql) %}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  select *,
    {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ get_dbt_valid_to_current(strategy, columns) }}
    {%- if strategy.hard_deletes == 'new_record' %},
    'False' as {{ columns.dbt_is_deleted }}
    {%- endif %}
  from (
{{ sql }}
  ) as sbq
{% endmacro %}


{# What becomes of versions. #}

{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) %}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set key = strategy.unique_key -%}
  {%- set keys = estimand_key_names(key) -%}
  {%- set names = get_columns_in_query(source_sql) -%}
  {%- set keeps_deleted = strategy.hard_deletes == 'new_record' -%}
  {%- set is_deleted = 'snapshotted_data.' ~ columns.dbt_is_deleted ~ " = 'True'" -%}
  with snapshot_query as (
{{ source_sql }}
  ),
  snapshotted_data as (
    select *, {{ unique_key_fields(key) }}
    from {{ target_relation }}
    where {{ estimand_holds(columns.dbt_valid_to) }}
  ),
  source_data as (
    select *, {{ unique_key_fields(key) }},
      {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
      {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
      {{ get_dbt_valid_to_current(strategy, columns) }},
      {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
    from snapshot_query
  ),
  changed as (
    select source_data.*,
      snapshotted_data.{{ columns.dbt_scd_id }} as estimand_ended
      {%- if keeps_deleted %}, snapshotted_data.{{ columns.dbt_is_deleted }} as estimand_was_deleted{% endif %}
    from source_data
    left join snapshotted_data on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
    where {{ unique_key_is_null(key, 'snapshotted_data') }}
      or {{ strategy.row_changed }}{{ ' or ' ~ is_deleted if keeps_deleted }}
  )
  {%- if strategy.hard_deletes in ('invalidate', 'new_record') %},
  gone as (
    select snapshotted_data.*
    from snapshotted_data
    left join source_data on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
    where {{ unique_key_is_null(key, 'source_data') }}
      {%- if keeps_deleted %} and ({{ is_deleted }}) is not true{% endif %}
  )
  {%- endif %}
  select 'insert' as dbt_change_type, {{ estimand_names(names + keys) }},
    {{ columns.dbt_updated_at }}, {{ columns.dbt_valid_from }}, {{ columns.dbt_valid_to }}, {{ columns.dbt_scd_id }}
    {%- if keeps_deleted %}, 'False' as {{ columns.dbt_is_deleted }}{% endif %}
  from changed
  union all
  select 'update', {{ estimand_names(names + keys) }},
    {{ columns.dbt_updated_at }}, {{ columns.dbt_valid_from }}, {{ columns.dbt_updated_at }}, estimand_ended
    {{- ', estimand_was_deleted' if keeps_deleted }}
  from changed
  where estimand_ended is not null
  {%- if strategy.hard_deletes in ('invalidate', 'new_record') %}
  union all
  select 'delete', {{ estimand_nulls(names + keys) }},
    {{ snapshot_get_time() }}, {{ snapshot_get_time() }}, {{ snapshot_get_time() }}, {{ columns.dbt_scd_id }}
    {{- ', ' ~ columns.dbt_is_deleted if keeps_deleted }}
  from gone
  {%- endif %}
  {%- if keeps_deleted %}
  {%- set there = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list %}
  union all
  select 'insert'
    {%- for name in names %}, {{ adapter.quote(name) if name in there else 'null' }}{% endfor %}, {{ keys | join(', ') }},
    {{ snapshot_get_time() }}, {{ snapshot_get_time() }}, {{ columns.dbt_valid_to }},
    {{ snapshot_hash_arguments([columns.dbt_scd_id, snapshot_get_time()]) }}, 'True'
  from gone
  {%- endif %}
{% endmacro %}

{# Whether a version still holds, by the column with its end. #}
{% macro estimand_holds(valid_to) %}
  {%- set current = config.get('dbt_valid_to_current') -%}
  {{ '(' ~ valid_to ~ ' = ' ~ current ~ ' or ' ~ valid_to ~ ' is null)' if current else valid_to ~ ' is null' }}
{%- endmacro %}

{% macro estimand_names(names) %}
  {%- for name in names %}{{ adapter.quote(name) }}{{ ', ' if not loop.last }}{% endfor -%}
{% endmacro %}

{% macro estimand_nulls(names) %}
  {%- for _ in names %}null{{ ', ' if not loop.last }}{% endfor -%}
{% endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {%- set staging = make_temp_relation(target_relation) -%}
  {%- set query = snapshot_staging_table(strategy, sql, target_relation) -%}
  {%- call statement('build_snapshot_staging_relation') -%}
    {{ create_table_as(True, staging, query) }}
  {%- endcall -%}
  {%- do return(staging) -%}
{% endmacro %}

{% macro postgres__snapshot_merge_sql(target, source, insert_cols) %}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  update {{ target }}
  set {{ columns.dbt_valid_to }} = change.{{ columns.dbt_valid_to }}
  from {{ source }} as change
  where change.{{ columns.dbt_scd_id }}::text = {{ target }}.{{ columns.dbt_scd_id }}::text
    and change.dbt_change_type::text in ('update', 'delete')
    and {{ estimand_holds(target ~ '.' ~ columns.dbt_valid_to) }};

  insert into {{ target }} ({{ insert_cols | join(', ') }})
  select {{ insert_cols | join(', ') }}
  from {{ source }} as change
  where change.dbt_change_type::text = 'insert';
{% endmacro %}

{% macro default__snapshot_merge_sql(target, source, insert_cols) %}
  {%- do return(postgres__snapshot_merge_sql(target, source, insert_cols)) -%}
{% endmacro %}


{# The whole of it: on a table that takes the place of the snapshot when the run is published. #}

{% macro materialization_snapshot_default() %}
  {%- set is_there, target = get_or_create_relation(
    database=model.database, schema=model.schema, identifier=model.alias, type='table') -%}
  {%- set strategy = strategy_dispatch(config.get('strategy'))(
    model, 'snapshotted_data', 'source_data', model['config'], is_there) -%}
  {{ run_hooks(pre_hooks) }}
  {%- if not is_there -%}
    {%- call statement('main') -%}
      {{ create_table_as(False, target, build_snapshot_table(strategy, model['compiled_code'])) }}
    {%- endcall -%}
    {%- do create_indexes(target) -%}
  {%- else -%}
    {%- set staging = build_snapshot_staging_table(strategy, sql, target) -%}
    {%- do adapter.expand_target_column_types(from_relation=staging, to_relation=target) -%}
    {%- set aside = ['dbt_change_type'] + estimand_key_names(strategy.unique_key) -%}
    {%- set there = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
    {%- set given = adapter.get_columns_in_relation(staging) | rejectattr('name', 'in', aside) | list -%}
    {%- do create_columns(target, given | rejectattr('name', 'in', there) | list) -%}
    {%- set insert_cols = [] -%}
    {%- for column in given -%}{%- do insert_cols.append(adapter.quote(column.name)) -%}{%- endfor -%}
    {%- call statement('main') -%}
      {{ snapshot_merge_sql(target=target, source=staging, insert_cols=insert_cols) }}
    {%- endcall -%}
    {%- do post_snapshot(staging) -%}
    {%- do adapter.drop_relation(staging) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks) }}
  {%- do return({'relations': [target]}) -%}
{% endmacro %}
