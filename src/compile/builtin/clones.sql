{#
How relations of another target are cloned. A database that clones no tables gets views.

dispatches can_clone_table()
dispatches create_or_replace_clone(this_relation, defer_relation)
#}

{% macro default__can_clone_table() %}{{ return(False) }}{% endmacro %}

{% macro default__create_or_replace_clone(this_relation, defer_relation) %}
create table {{ this_relation.render() }} as select * from {{ defer_relation.render() }}
{% endmacro %}
