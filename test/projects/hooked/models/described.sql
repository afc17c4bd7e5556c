{{ config(post_hook=["grant select on {{ this }} to public", "create index on {{ this }} (column_name)"]) }}
{% set columns = adapter.get_columns_in_relation(ref('raw')) %}
{% for column in columns %}
select '{{ column.name }}' as column_name, '{{ column.data_type }}' as data_type, '{{ ref("raw") }}' as relation
{{ 'union all' if not loop.last }}
{% endfor %}
{% if not columns %}select null as column_name{% endif %}
