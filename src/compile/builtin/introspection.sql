{#
What stands in the database.

dispatches check_schema_exists(information_schema, schema)
dispatches collect_freshness(source, loaded_at_field, filter)
dispatches get_catalog(information_schema, schemas)
dispatches get_catalog_relations(information_schema, relations)
dispatches get_columns_in_query(select_sql)
dispatches get_columns_in_relation(relation)
dispatches get_empty_schema_sql(columns)
dispatches get_empty_subquery_sql(select_sql, select_sql_header=none)
dispatches get_or_create_relation(database, schema, identifier, type)
dispatches get_relations()
dispatches information_schema_name(database)
dispatches list_relations_without_caching(schema_relation)
dispatches list_schemas(database)
#}

{% macro postgres__get_columns_in_relation(relation) %}
  {%- call statement('get_columns_in_relation', fetch_result=True) -%}
    select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
    from {{ relation.information_schema('columns') }}
    where table_name = '{{ relation.identifier | replace("'", "''") }}'
    {%- if relation.schema %} and table_schema = '{{ relation.schema | replace("'", "''") }}'{% endif %}
    order by ordinal_position
  {%- endcall -%}
  {%- do return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) -%}
{% endmacro %}

{% macro sql_convert_columns_in_relation(table) %}
  {%- set columns = [] -%}
  {%- for row in table -%}{%- do columns.append(api.Column(*row)) -%}{%- endfor -%}
  {%- do return(columns) -%}
{% endmacro %}

{% macro get_list_of_column_names(columns) %}{{ return(columns | map(attribute='name') | list) }}{% endmacro %}

{% macro postgres__list_relations_without_caching(schema_relation) %}
  {%- set schema = schema_relation.schema | replace("'", "''") -%}
  {%- call statement('list_relations_without_caching', fetch_result=True) -%}
    select
      '{{ schema_relation.database }}' as database,
      c.relname as name,
      n.nspname as schema,
      case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and n.nspname ilike '{{ schema }}'
    order by 2
  {%- endcall -%}
  {%- do return(load_result('list_relations_without_caching').table) -%}
{% endmacro %}

{% macro postgres__list_schemas(database) %}
  {%- call statement('list_schemas', fetch_result=True, auto_begin=False) -%}
    select nspname from pg_catalog.pg_namespace order by 1
  {%- endcall -%}
  {%- do return(load_result('list_schemas').table) -%}
{% endmacro %}

{% macro postgres__check_schema_exists(information_schema, schema) %}
  {%- call statement('check_schema_exists', fetch_result=True, auto_begin=False) -%}
    select count(*) from pg_catalog.pg_namespace where nspname = '{{ schema | replace("'", "''") }}'
  {%- endcall -%}
  {%- do return(load_result('check_schema_exists').table) -%}
{% endmacro %}

{% macro postgres__information_schema_name(database) %}information_schema{% endmacro %}

{% macro default__information_schema_name(database) -%}
  {{ database ~ '.' if database }}INFORMATION_SCHEMA
{%- endmacro %}

{# Which views read which relations. #}
{% macro postgres__get_relations() %}
  {%- call statement('relations', fetch_result=True) -%}
    select distinct
      reader_schema.nspname as dependent_schema,
      reader.relname as dependent_name,
      read_schema.nspname as referenced_schema,
      read_relation.relname as referenced_name
    from pg_catalog.pg_rewrite as rule
    join pg_catalog.pg_class as reader on reader.oid = rule.ev_class
    join pg_catalog.pg_namespace as reader_schema on reader_schema.oid = reader.relnamespace
    join pg_catalog.pg_depend as dependency
      on dependency.classid = 'pg_rewrite'::regclass and dependency.objid = rule.oid
    join pg_catalog.pg_class as read_relation
      on dependency.refclassid = 'pg_class'::regclass and read_relation.oid = dependency.refobjid
    join pg_catalog.pg_namespace as read_schema on read_schema.oid = read_relation.relnamespace
    where read_relation.oid <> reader.oid
      and read_schema.nspname <> 'information_schema' and read_schema.nspname not like 'pg\_%'
    order by 1, 2, 3, 4
  {%- endcall -%}
  {%- do return(load_result('relations').table) -%}
{% endmacro %}

{% macro postgres_get_relations() %}{{ return(postgres__get_relations()) }}{% endmacro %}

{% macro postgres__get_catalog(information_schema, schemas) %}
  {%- set wanted = [] -%}
  {%- for schema in schemas -%}{%- do wanted.append({'schema': schema}) -%}{%- endfor -%}
  {%- do return(postgres__get_catalog_relations(information_schema, wanted)) -%}
{% endmacro %}

{% macro postgres__get_catalog_relations(information_schema, relations) %}
  {%- call statement('catalog', fetch_result=True) -%}
    select
      '{{ information_schema.database }}' as table_database,
      n.nspname as table_schema,
      c.relname as table_name,
      case c.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end as table_type,
      pg_catalog.obj_description(c.oid, 'pg_class') as table_comment,
      a.attname as column_name,
      a.attnum as column_index,
      pg_catalog.format_type(a.atttypid, a.atttypmod) as column_type,
      pg_catalog.col_description(c.oid, a.attnum) as column_comment,
      pg_catalog.pg_get_userbyid(c.relowner) as table_owner
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid
    where c.relkind in ('r', 'p', 'f', 'v', 'm') and c.relpersistence in ('p', 'u')
      and a.attnum > 0 and not a.attisdropped
      and (
        {%- for relation in relations %}
        (upper(n.nspname) = upper('{{ relation.schema }}')
        {%- if relation.identifier %} and upper(c.relname) = upper('{{ relation.identifier }}'){% endif %})
        {{- ' or ' if not loop.last }}
        {%- endfor %}
      )
    order by n.nspname, c.relname, a.attnum
  {%- endcall -%}
  {%- do return(load_result('catalog').table) -%}
{% endmacro %}

{# Relations that a template asks for by name. #}

{% macro load_cached_relation(relation) %}
  {%- do return(adapter.get_relation(relation.database, relation.schema, relation.identifier)) -%}
{% endmacro %}

{% macro load_relation(relation) %}{{ return(load_cached_relation(relation)) }}{% endmacro %}

{% macro default__get_or_create_relation(database, schema, identifier, type) %}
  {%- set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) -%}
  {%- if found -%}{%- do return([true, found]) -%}{%- endif -%}
  {%- do return([false, api.Relation.create(database=database, schema=schema, identifier=identifier, type=type)]) -%}
{% endmacro %}

{# The shape of a query, found by running it for no rows. #}

{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
{{ select_sql_header if select_sql_header is not none }}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{% endmacro %}

{% macro default__get_empty_schema_sql(columns) %}
  {%- set untyped = [] -%}
  {%- set parts = [] -%}
  {%- for name in columns -%}
    {%- set column = columns[name] -%}
    {%- if not column.get('data_type') -%}
      {%- do untyped.append(column['name']) -%}
    {%- else -%}
      {%- set written = adapter.quote(column['name']) if column.get('quote') else column['name'] -%}
      {%- do parts.append(cast('null', column['data_type']) ~ ' as ' ~ written) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if untyped -%}{{ exceptions.column_type_missing(column_names=untyped) }}{%- endif -%}
    select {{ parts | join(', ') }}
{% endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) %}
  {%- do return(adapter.get_column_schema_from_query(get_empty_subquery_sql(select_sql, select_sql_header))) -%}
{% endmacro %}

{% macro default__get_columns_in_query(select_sql) %}
  {%- call statement('get_columns_in_query', fetch_result=True, auto_begin=False) -%}
    {{ get_empty_subquery_sql(select_sql) }}
  {%- endcall -%}
  {%- do return(load_result('get_columns_in_query').table.columns | map(attribute='name') | list) -%}
{% endmacro %}

{# How old the rows of a source are. #}
{% macro default__collect_freshness(source, loaded_at_field, filter) %}
  {%- call statement('collect_freshness', fetch_result=True, auto_begin=False) -%}
    select max({{ loaded_at_field }}) as max_loaded_at, {{ current_timestamp() }} as snapshotted_at
    from {{ source }}
    {{ 'where ' ~ filter if filter }}
  {%- endcall -%}
  {%- do return(load_result('collect_freshness')) -%}
{% endmacro %}
