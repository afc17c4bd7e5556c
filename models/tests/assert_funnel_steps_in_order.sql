-- A step that was reached was reached after the one before it.
{%- for entries in ['int_session_funnels', 'int_daily_funnels'] %}
{{ 'union all' if not loop.first }}
select user_id, entry_date, viewed_at, carted_at, ordered_at, searched_at, played_at
from {{ ref(entries) }}
where
    carted_at <= viewed_at
    or ordered_at <= carted_at
    or played_at <= searched_at
    or (carted_at is not null and viewed_at is null)
    or (ordered_at is not null and carted_at is null)
    or (played_at is not null and searched_at is null)
{%- endfor %}
