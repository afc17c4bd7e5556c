{% macro note(entry) %}insert into {{ target.schema }}.journal values ('{{ entry }}'){% endmacro %}

{% macro note_results(results) %}
  {% for result in results if result.node.resource_type == 'model' %}
    {% do run_query(note(result.node.name ~ ' ' ~ result.status)) %}
  {% endfor %}
  {{ note('end of ' ~ schemas | join(', ')) }}
{% endmacro %}

{% macro count_rows(model) %}
  {{ return(run_query('select count(*) from ' ~ ref(model)).rows[0][0]) }}
{% endmacro %}

{% macro archive(names) %}
  {% set sql %}
    begin;
    {% for name in names %}create table {{ target.schema }}.{{ name }}_archive as select * from {{ ref(name) }};{% endfor %}
    commit;
  {% endset %}
  {% do run_query(sql) %}
{% endmacro %}
