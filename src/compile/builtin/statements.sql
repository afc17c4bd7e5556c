{#
Sending SQL from a template. A statement runs only while something is executed; its result waits under the
statement's name.

dispatches validate_sql(sql)
#}

{% macro statement(name=None, fetch_result=False, auto_begin=True, language='sql') %}
{%- if execute -%}
  {%- if language != 'sql' -%}
    {%- do exceptions.raise_compiler_error("statement() runs SQL only, not " ~ language) -%}
  {%- endif -%}
  {%- set text = caller() -%}
  {%- if name == 'main' -%}{%- do write(text) -%}{%- endif -%}
  {%- set response, table = adapter.execute(text, auto_begin=auto_begin, fetch=fetch_result) -%}
  {%- if name is not none -%}{%- do store_result(name, response=response, agate_table=table) -%}{%- endif -%}
{%- endif -%}
{% endmacro %}

{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) %}
{%- set text = caller() -%}
{%- if name == 'main' -%}{%- do write(text) -%}{%- endif -%}
{%- if name is not none -%}
  {%- do store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) -%}
{%- endif -%}
{% endmacro %}

{% macro run_query(sql) %}
  {%- call statement('run_query_statement', fetch_result=true, auto_begin=false) -%}
    {{ sql }}
  {%- endcall -%}
  {%- do return(load_result('run_query_statement').table) -%}
{% endmacro %}

{% macro default__validate_sql(sql) %}
  {%- call statement('validate_sql') -%} explain {{ sql }} {%- endcall -%}
  {%- do return(load_result('validate_sql')) -%}
{% endmacro %}

{# Hooks: a text, or a text that says whether it belongs inside the transaction. #}

{% macro run_hooks(hooks, inside_transaction=True) %}
  {%- for hook in hooks if hook.get('transaction', true) == inside_transaction -%}
    {%- set text = render(hook.get('sql')) | trim -%}
    {%- if text -%}
      {%- call statement(auto_begin=inside_transaction) -%}{{ text }}{%- endcall -%}
    {%- endif -%}
  {%- endfor -%}
{% endmacro %}

{% macro make_hook_config(sql, inside_transaction) %}
  {{- tojson({'sql': sql, 'transaction': inside_transaction}) -}}
{% endmacro %}

{% macro before_begin(sql) %}{{ make_hook_config(sql, inside_transaction=False) }}{% endmacro %}

{% macro in_transaction(sql) %}{{ make_hook_config(sql, inside_transaction=True) }}{% endmacro %}

{% macro after_commit(sql) %}{{ make_hook_config(sql, inside_transaction=False) }}{% endmacro %}

{# What the configuration says about how a node is built. #}

{% macro set_sql_header(config) %}{{ config.set('sql_header', caller()) }}{% endmacro %}

{% macro should_full_refresh() %}
  {%- set wanted = config.get('full_refresh') -%}
  {%- do return(flags.FULL_REFRESH if wanted is none else wanted) -%}
{% endmacro %}

{% macro should_store_failures() %}
  {%- set wanted = config.get('store_failures') -%}
  {%- do return(flags.STORE_FAILURES if wanted is none else wanted) -%}
{% endmacro %}

{% macro is_core_v2() %}{{ return(dbt_version.split('.')[0] == '2') }}{% endmacro %}
