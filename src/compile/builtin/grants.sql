{#
Who may read a relation, and what is said of it.

dispatches alter_column_comment(relation, column_dict)
dispatches alter_relation_comment(relation, relation_comment)
dispatches apply_grants(relation, grant_config, should_revoke=True)
dispatches call_dcl_statements(dcl_statement_list)
dispatches copy_grants()
dispatches get_dcl_statement_list(relation, grant_config, get_dcl_macro)
dispatches get_grant_sql(relation, privilege, grantees)
dispatches get_revoke_sql(relation, privilege, grantees)
dispatches get_show_grant_sql(relation)
dispatches persist_docs(relation, model, for_relation=true, for_columns=true)
dispatches support_multiple_grantees_per_dcl_statement()
#}

{# A table that takes the place of another has none of its grants. #}
{% macro default__copy_grants() %}{{ return(False) }}{% endmacro %}

{% macro default__support_multiple_grantees_per_dcl_statement() %}{{ return(True) }}{% endmacro %}

{% macro should_revoke(existing_relation, full_refresh_mode=True) %}
  {%- if not existing_relation -%}{%- do return(False) -%}{%- endif -%}
  {%- do return(copy_grants() if full_refresh_mode else True) -%}
{% endmacro %}

{% macro default__get_show_grant_sql(relation) %}
  select grantee, privilege_type
  from {{ relation.information_schema('role_table_grants') }}
  where grantor = current_role and grantee != current_role
    and table_schema = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
{% endmacro %}

{% macro default__get_grant_sql(relation, privilege, grantees) -%}
  grant {{ privilege }} on {{ relation }} to {{ grantees | join(', ') }}
{%- endmacro %}

{% macro default__get_revoke_sql(relation, privilege, grantees) -%}
  revoke {{ privilege }} on {{ relation }} from {{ get_quoted_csv(grantees) }}
{%- endmacro %}

{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
  {%- set statements = [] -%}
  {%- for privilege, grantees in grant_config.items() if grantees -%}
    {%- set together = [grantees] if support_multiple_grantees_per_dcl_statement() else grantees | batch(1) -%}
    {%- for some in together -%}{%- do statements.append(get_dcl_macro(relation, privilege, some)) -%}{%- endfor -%}
  {%- endfor -%}
  {%- do return(statements) -%}
{% endmacro %}

{% macro default__call_dcl_statements(dcl_statement_list) %}
  {%- call statement('grants') -%}{{ dcl_statement_list | join(';\n') }}{%- endcall -%}
{% endmacro %}

{% macro default__apply_grants(relation, grant_config, should_revoke=True) %}
  {%- if grant_config -%}
    {%- set granting = grant_config -%}
    {%- set revoking = {} -%}
    {%- if should_revoke -%}
      {%- set there = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) -%}
      {%- set granting = diff_of_two_dicts(grant_config, there) -%}
      {%- set revoking = diff_of_two_dicts(there, grant_config) -%}
    {%- endif -%}
    {%- set statements = get_dcl_statement_list(relation, revoking, get_revoke_sql)
        + get_dcl_statement_list(relation, granting, get_grant_sql) -%}
    {%- if statements -%}{{ call_dcl_statements(statements) }}{%- endif -%}
  {%- endif -%}
{% endmacro %}

{# Comments on relations and columns. #}

{% macro postgres_escape_comment(comment) -%}
  {%- if comment is not string -%}{{ exceptions.raise_compiler_error('a comment must be text: ' ~ comment) }}{%- endif -%}
  '{{ comment | replace("'", "''") }}'
{%- endmacro %}

{% macro default__alter_relation_comment(relation, relation_comment) -%}
  comment on {{ relation.type | replace('_', ' ') }} {{ relation }} is {{ postgres_escape_comment(relation_comment) }};
{%- endmacro %}

{% macro default__alter_column_comment(relation, column_dict) %}
  {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
  {%- for name in column_dict if name in there -%}
    {%- set written = adapter.quote(name) if column_dict[name]['quote'] else name -%}
    comment on column {{ relation }}.{{ written }} is {{ postgres_escape_comment(column_dict[name]['description']) }};
  {% endfor -%}
{% endmacro %}

{% macro validate_doc_columns(relation, column_dict, existing_column_names) %}
  {%- set lower = existing_column_names | map('lower') | list -%}
  {%- set present = {} -%}
  {%- set missing = [] -%}
  {%- for name in column_dict -%}
    {%- set is_there = name in existing_column_names if column_dict[name]['quote'] else name | lower in lower -%}
    {%- if is_there -%}{%- do present.update({name: column_dict[name]}) -%}{%- else -%}{%- do missing.append(name) -%}{%- endif -%}
  {%- endfor -%}
  {%- if missing -%}{%- do exceptions.warn(relation ~ ' has no such columns: ' ~ missing | join(', ')) -%}{%- endif -%}
  {%- do return(present) -%}
{% endmacro %}

{% macro default__persist_docs(relation, model, for_relation, for_columns) %}
  {%- if for_relation and config.persist_relation_docs() and model.description -%}
    {%- do run_query(alter_relation_comment(relation, model.description)) -%}
  {%- endif -%}
  {%- if for_columns and config.persist_column_docs() and model.columns -%}
    {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- set comments = alter_column_comment(relation, validate_doc_columns(relation, model.columns, there)) -%}
    {%- if comments and comments | trim -%}{%- do run_query(comments) -%}{%- endif -%}
  {%- endif -%}
{% endmacro %}
