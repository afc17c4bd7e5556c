{#
Making room for relations, and taking them away.

dispatches create_schema(relation)
dispatches drop_relation(relation)
dispatches drop_materialized_view(relation)
dispatches drop_schema(relation)
dispatches drop_schema_named(schema_name)
dispatches drop_table(relation)
dispatches drop_view(relation)
dispatches get_create_backup_sql(relation)
dispatches get_create_intermediate_sql(relation, sql)
dispatches get_create_sql(relation, sql)
dispatches get_drop_backup_sql(relation)
dispatches get_drop_sql(relation)
dispatches get_rename_intermediate_sql(relation)
dispatches get_rename_materialized_view_sql(relation, new_name)
dispatches get_rename_sql(relation, new_name)
dispatches get_rename_table_sql(relation, new_name)
dispatches get_rename_view_sql(relation, new_name)
dispatches get_replace_sql(existing_relation, target_relation, sql)
dispatches make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup')
dispatches make_intermediate_relation(base_relation, suffix='__dbt_tmp')
dispatches make_temp_relation(base_relation, suffix='__dbt_tmp')
dispatches rename_relation(from_relation, to_relation)
dispatches truncate_relation(relation)
#}

{% macro postgres__create_schema(relation) %}
  {%- call statement('create_schema') -%}
    create schema if not exists {{ relation.without_identifier().include(database=False) }}
  {%- endcall -%}
{% endmacro %}

{% macro postgres__drop_schema(relation) %}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier().include(database=False) }} cascade
  {%- endcall -%}
{% endmacro %}

{% macro default__drop_schema_named(schema_name) %}
  {%- do adapter.drop_schema(api.Relation.create(schema=schema_name)) -%}
{% endmacro %}

{% macro default__truncate_relation(relation) %}
  {%- call statement('truncate_relation') -%}truncate table {{ relation }}{%- endcall -%}
{% endmacro %}

{% macro default__rename_relation(from_relation, to_relation) %}
  {%- call statement('rename_relation') -%}
    alter table {{ from_relation }} rename to {{ adapter.quote(to_relation.identifier) }}
  {%- endcall -%}
{% endmacro %}

{% macro default__drop_relation(relation) %}
  {%- call statement('drop_relation', auto_begin=False) -%}{{ get_drop_sql(relation) }}{%- endcall -%}
{% endmacro %}

{% macro drop_relation_if_exists(relation) %}
  {%- if relation is not none -%}{%- do adapter.drop_relation(relation) -%}{%- endif -%}
{% endmacro %}

{# One statement each, as text. #}

{% macro default__drop_table(relation) %}drop table if exists {{ relation }} cascade{% endmacro %}

{% macro default__drop_view(relation) %}drop view if exists {{ relation }} cascade{% endmacro %}

{% macro default__drop_materialized_view(relation) -%}
  drop materialized view if exists {{ relation }} cascade
{%- endmacro %}

{% macro default__get_rename_table_sql(relation, new_name) %}alter table {{ relation }} rename to {{ new_name }}{% endmacro %}

{% macro default__get_rename_view_sql(relation, new_name) %}alter view {{ relation }} rename to {{ new_name }}{% endmacro %}

{% macro default__get_rename_materialized_view_sql(relation, new_name) -%}
  alter materialized view {{ relation }} rename to {{ new_name }}
{%- endmacro %}

{% macro default__get_drop_sql(relation) %}
  {%- if relation.is_view -%}{{ drop_view(relation) }}
  {%- elif relation.is_table -%}{{ drop_table(relation) }}
  {%- elif relation.is_materialized_view -%}{{ drop_materialized_view(relation) }}
  {%- else -%}drop {{ relation.type }} if exists {{ relation }} cascade
  {%- endif -%}
{% endmacro %}

{% macro default__get_rename_sql(relation, new_name) %}
  {%- if relation.is_view -%}{{ get_rename_view_sql(relation, new_name) }}
  {%- elif relation.is_table -%}{{ get_rename_table_sql(relation, new_name) }}
  {%- elif relation.is_materialized_view -%}{{ get_rename_materialized_view_sql(relation, new_name) }}
  {%- else -%}{{ exceptions.raise_compiler_error('a ' ~ relation.type ~ ' cannot be renamed') }}
  {%- endif -%}
{% endmacro %}

{% macro default__get_create_sql(relation, sql) %}
  {%- if relation.is_view -%}{{ get_create_view_as_sql(relation, sql) }}
  {%- elif relation.is_table -%}{{ get_create_table_as_sql(False, relation, sql) }}
  {%- elif relation.is_materialized_view -%}{{ get_create_materialized_view_as_sql(relation, sql) }}
  {%- else -%}{{ exceptions.raise_compiler_error('a ' ~ relation.type ~ ' cannot be created') }}
  {%- endif -%}
{% endmacro %}

{# Building beside a relation, and changing places with it. #}

{% macro default__get_create_backup_sql(relation) %}
  {%- set backup = make_backup_relation(relation, relation.type) -%}
  {{ get_drop_sql(backup) }};
  {{ get_rename_sql(relation, backup.identifier) }}
{% endmacro %}

{% macro default__get_drop_backup_sql(relation) -%}
  {{ get_drop_sql(make_backup_relation(relation, relation.type)) }}
{%- endmacro %}

{% macro default__get_create_intermediate_sql(relation, sql) %}
  {%- set intermediate = make_intermediate_relation(relation) -%}
  {{ get_drop_sql(intermediate) }};
  {{ get_create_sql(intermediate, sql) }}
{% endmacro %}

{% macro default__get_rename_intermediate_sql(relation) -%}
  {{ get_rename_sql(make_intermediate_relation(relation), relation.identifier) }}
{%- endmacro %}

{% macro default__get_replace_sql(existing_relation, target_relation, sql) %}
  {%- if existing_relation.is_view and target_relation.is_view -%}
    {{ get_replace_view_sql(target_relation, sql) }}
  {%- elif target_relation.can_be_renamed and existing_relation.can_be_renamed -%}
    {{ get_create_intermediate_sql(target_relation, sql) }};
    {{ get_create_backup_sql(existing_relation) }};
    {{ get_rename_intermediate_sql(target_relation) }};
    {{ get_drop_backup_sql(existing_relation) }}
  {%- elif existing_relation.can_be_renamed -%}
    {{ get_create_backup_sql(existing_relation) }};
    {{ get_create_sql(target_relation, sql) }};
    {{ get_drop_backup_sql(existing_relation) }}
  {%- elif target_relation.can_be_renamed -%}
    {{ get_create_intermediate_sql(target_relation, sql) }};
    {{ get_drop_sql(existing_relation) }};
    {{ get_rename_intermediate_sql(target_relation) }}
  {%- else -%}
    {{ get_drop_sql(existing_relation) }};
    {{ get_create_sql(target_relation, sql) }}
  {%- endif -%}
{% endmacro %}

{# Names beside a relation's own, cut so that they fit with their suffix. #}

{% macro postgres__make_relation_with_suffix(base_relation, suffix, dstring) %}
  {%- set suffix = suffix ~ py_current_timestring()[8:] if dstring else suffix -%}
  {%- set kept = base_relation.relation_max_name_length() - suffix | length -%}
  {%- if kept < 0 -%}{{ exceptions.raise_compiler_error('the suffix ' ~ suffix ~ ' is too long for a name') }}{%- endif -%}
  {%- do return(base_relation.incorporate(path={'identifier': base_relation.identifier[:kept] ~ suffix})) -%}
{% endmacro %}

{% macro postgres__make_intermediate_relation(base_relation, suffix) %}
  {%- do return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=False)) -%}
{% endmacro %}

{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {%- set backup = postgres__make_relation_with_suffix(base_relation, suffix, dstring=False) -%}
  {%- do return(backup.incorporate(type=backup_relation_type)) -%}
{% endmacro %}

{# A temporary table stands in no schema that has a name. #}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
  {%- set temporary = postgres__make_relation_with_suffix(base_relation, suffix, dstring=True) -%}
  {%- do return(temporary.incorporate(path={'schema': none, 'database': none})) -%}
{% endmacro %}

{% macro default__make_temp_relation(base_relation, suffix) %}
  {%- do return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) -%}
{% endmacro %}

{% macro default__make_intermediate_relation(base_relation, suffix) %}
  {%- do return(default__make_temp_relation(base_relation, suffix)) -%}
{% endmacro %}

{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {%- do return(default__make_temp_relation(base_relation, suffix).incorporate(type=backup_relation_type)) -%}
{% endmacro %}
