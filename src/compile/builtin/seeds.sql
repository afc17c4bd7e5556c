{#
Seeds as macros load them: for projects that replace one of these. Other seeds go into the database as one stream.
`this` is where the run builds; a table stands there already where the seed's rows are to take the place of those of a
table that is kept.

dispatches create_csv_table(model, agate_table)
dispatches get_batch_size()
dispatches get_binding_char()
dispatches get_csv_sql(create_or_truncate_sql, insert_sql)
dispatches load_csv_rows(model, agate_table)
dispatches reset_csv_table(model, full_refresh, old_relation, agate_table)
#}

{% macro materialization_seed_default() %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set full_refresh_mode = should_full_refresh() -%}
  {%- set old_relation = load_cached_relation(this) -%}
  {%- set agate_table = load_agate_table() -%}
  {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {%- if old_relation is none -%}
    {%- set made = create_csv_table(model, agate_table) -%}
  {%- else -%}
    {%- set made = reset_csv_table(model, full_refresh_mode, old_relation, agate_table) -%}
  {%- endif -%}
  {%- set count = agate_table.rows | length -%}
  {%- set filled = load_csv_rows(model, agate_table) if count > 0 else '' -%}
  {%- set code = 'CREATE' if full_refresh_mode else 'INSERT' -%}
  {%- call noop_statement('main', code ~ ' ' ~ count, code, count) -%}{{ get_csv_sql(made, filled) }};{%- endcall -%}
  {%- do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(old_relation, full_refresh_mode)) -%}
  {%- do persist_docs(target_relation, model) -%}
  {#- A copy of a table has none of its indexes. -#}
  {%- do create_indexes(target_relation) -%}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do adapter.commit() -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {%- do return({'relations': [target_relation]}) -%}
{% endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
  {%- set types = model['config'].get('column_types', {}) -%}
  {%- set columns = [] -%}
  {%- for name in agate_table.column_names -%}
    {%- set type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
    {%- do columns.append(adapter.quote_seed_column(name | string, model['config'].get('quote_columns')) ~ ' ' ~ type) -%}
  {%- endfor -%}
  {%- set text = 'create table ' ~ this.render() ~ ' (' ~ columns | join(', ') ~ ')' -%}
  {%- call statement('_') -%}{{ text }}{%- endcall -%}
  {%- do return(text) -%}
{% endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {%- if full_refresh -%}
    {%- do adapter.drop_relation(old_relation) -%}
    {%- do return(create_csv_table(model, agate_table)) -%}
  {%- endif -%}
  {%- do adapter.truncate_relation(old_relation) -%}
  {%- do return('truncate table ' ~ old_relation.render()) -%}
{% endmacro %}

{% macro default__load_csv_rows(model, agate_table) %}
  {%- set names = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
  {%- set sent = [] -%}
  {%- for chunk in agate_table.rows | batch(get_batch_size()) -%}
    {%- set bindings = [] -%}
    {%- set places = [] -%}
    {%- for row in chunk -%}
      {%- do bindings.extend(row) -%}
      {%- do places.append('(' ~ ([get_binding_char()] * (row | length)) | join(',') ~ ')') -%}
    {%- endfor -%}
    {%- set text = 'insert into ' ~ this.render() ~ ' (' ~ names ~ ') values ' ~ places | join(',') -%}
    {%- do adapter.add_query(text, bindings=bindings, abridge_sql_log=True) -%}
    {%- do sent.append(text) -%}
  {%- endfor -%}
  {%- do return(sent[0]) -%}
{% endmacro %}

{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
{{ create_or_truncate_sql }};
-- dbt seed --
{{ insert_sql }}
{% endmacro %}

{% macro default__get_binding_char() %}{{ return('%s') }}{% endmacro %}

{% macro default__get_batch_size() %}{{ return(10000) }}{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
  {%- set quoted = [] -%}
  {%- for name in column_names -%}
    {%- do quoted.append(adapter.quote_seed_column(name, model['config'].get('quote_columns'))) -%}
  {%- endfor -%}
  {%- do return(quoted | join(', ')) -%}
{% endmacro %}
