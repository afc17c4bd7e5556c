{# A table that is filled in two statements, and says in a comment how many rows it has. #}
{% materialization logged_table, adapter='postgres' %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {{ run_hooks(pre_hooks) }}
  {% call statement('main') -%}
    {{ create_table_as(False, target_relation, get_empty_subquery_sql(sql)) }}
  {%- endcall %}
  {% set names = adapter.get_columns_in_relation(target_relation) | map(attribute='quoted') | join(', ') %}
  {% do run_query('insert into ' ~ target_relation ~ ' (' ~ names ~ ') ' ~ sql) %}
  {% set rows = run_query('select count(*) from ' ~ target_relation).rows[0][0] %}
  {% do create_indexes(target_relation) %}
  {% do run_query("comment on table " ~ target_relation ~ " is '" ~ rows ~ " rows'") %}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
