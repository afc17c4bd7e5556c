{#
SQL that differs between databases, as Postgres writes it.

dispatches any_value(expression)
dispatches array_append(array, new_element)
dispatches array_concat(array_1, array_2)
dispatches array_construct(inputs=[], data_type='integer')
dispatches bool_or(expression)
dispatches cast(field, type)
dispatches concat(fields)
dispatches equals(expr1, expr2)
dispatches escape_single_quotes(expression)
dispatches except()
dispatches hash(field)
dispatches intersect()
dispatches length(expression)
dispatches listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none)
dispatches position(substring_text, string_text)
dispatches replace(field, old_chars, new_chars)
dispatches right(string_text, length_expression)
dispatches safe_cast(field, type)
dispatches split_part(string_text, delimiter_text, part_number)
dispatches string_literal(value)
dispatches type_bigint()
dispatches type_boolean()
dispatches type_float()
dispatches type_int()
dispatches type_numeric()
dispatches type_string()
dispatches type_timestamp()
#}

{% macro postgres__any_value(expression) %}min({{ expression }}){% endmacro %}

{% macro default__any_value(expression) %}any_value({{ expression }}){% endmacro %}

{% macro default__bool_or(expression) %}bool_or({{ expression }}){% endmacro %}

{% macro default__array_append(array, new_element) %}array_append({{ array }}, {{ new_element }}){% endmacro %}

{% macro default__array_concat(array_1, array_2) %}array_cat({{ array_1 }}, {{ array_2 }}){% endmacro %}

{% macro default__array_construct(inputs, data_type) %}
  {%- if inputs -%} array[ {{ inputs | join(' , ') }} ] {%- else -%} array[]::{{ data_type }}[] {%- endif -%}
{% endmacro %}

{% macro default__cast(field, type) %}cast({{ field }} as {{ type }}){% endmacro %}

{% macro default__safe_cast(field, type) %}cast({{ field }} as {{ type }}){% endmacro %}

{% macro cast_bool_to_text(field) %}{{ adapter.dispatch('cast_bool_to_text', 'dbt')(field) }}{% endmacro %}

{% macro default__cast_bool_to_text(field) -%}
  cast({{ field }} as {{ api.Column.translate_type('string') }})
{%- endmacro %}

{% macro default__concat(fields) %}{{ fields | join(' || ') }}{% endmacro %}

{% macro default__equals(expr1, expr2) %}({{ expr1 }} = {{ expr2 }}){% endmacro %}

{% macro default__escape_single_quotes(expression) %}{{ expression | replace("'", "''") }}{% endmacro %}

{% macro default__except() %}except{% endmacro %}

{% macro default__intersect() %}intersect{% endmacro %}

{% macro default__hash(field) %}md5(cast({{ field }} as {{ api.Column.translate_type('string') }})){% endmacro %}

{% macro default__length(expression) %}length( {{ expression }} ){% endmacro %}

{# With a limit the array of values is cut before it is joined. #}
{% macro postgres__listagg(measure, delimiter_text, order_by_clause, limit_num) %}
  {%- set ordered = measure if not order_by_clause else measure ~ ' ' ~ order_by_clause -%}
  {%- if limit_num -%}
    array_to_string( (array_agg( {{ ordered }} ))[1:{{ limit_num }}], {{ delimiter_text }} )
  {%- else -%}
    string_agg( {{ measure }}, {{ delimiter_text }} {{ order_by_clause or '' }} )
  {%- endif -%}
{% endmacro %}

{% macro default__position(substring_text, string_text) -%}
  position( {{ substring_text }} in {{ string_text }} )
{%- endmacro %}

{% macro default__replace(field, old_chars, new_chars) -%}
  replace( {{ field }}, {{ old_chars }}, {{ new_chars }} )
{%- endmacro %}

{% macro default__right(string_text, length_expression) -%}
  right( {{ string_text }}, {{ length_expression }} )
{%- endmacro %}

{% macro default__split_part(string_text, delimiter_text, part_number) -%}
  split_part( {{ string_text }}, {{ delimiter_text }}, {{ part_number }} )
{%- endmacro %}

{# Parts counted from the end: how many parts there are, less what is asked for. #}
{% macro _split_part_negative(string_text, delimiter_text, part_number) -%}
  split_part( {{ string_text }}, {{ delimiter_text }}, length({{ string_text }}) - length( replace({{ string_text }}, {{ delimiter_text }}, '') ) + 2 + {{ part_number }} )
{%- endmacro %}

{% macro postgres__split_part(string_text, delimiter_text, part_number) %}
  {%- if part_number < 0 -%}
    {{ _split_part_negative(string_text, delimiter_text, part_number) }}
  {%- else -%}
    {{ default__split_part(string_text, delimiter_text, part_number) }}
  {%- endif -%}
{% endmacro %}

{% macro default__string_literal(value) %}'{{ value }}'{% endmacro %}

{% macro default__type_string() %}{{ return(api.Column.translate_type('string')) }}{% endmacro %}

{% macro default__type_timestamp() %}{{ return(api.Column.translate_type('timestamp')) }}{% endmacro %}

{% macro default__type_float() %}{{ return(api.Column.translate_type('float')) }}{% endmacro %}

{% macro default__type_numeric() %}{{ return(api.Column.numeric_type('numeric', 28, 6)) }}{% endmacro %}

{% macro default__type_bigint() %}{{ return(api.Column.translate_type('bigint')) }}{% endmacro %}

{% macro default__type_int() %}{{ return(api.Column.translate_type('integer')) }}{% endmacro %}

{% macro default__type_boolean() %}{{ return(api.Column.translate_type('boolean')) }}{% endmacro %}
