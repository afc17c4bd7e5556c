-- What the analyses claim, in one place and in the order that a reader asks: the number for everybody before those of
-- the segments, the relative change before the absolute one.
{%- set jobs = [
    'one_tap_checkout', 'player_telemetry_aa', 'local_prices', 'search_ranking', 'related_titles', 'autoplay_next',
    'big_cart_button', 'daily_streaks'
] %}

with estimates as (

    {%- for job in jobs %}
    {{ 'union all' if not loop.first }}
    select
        job, as_of, estimand, outcome, treatment, comparison, segment_name, segment_value, method, scale,
        estimate, std_error, ci_lower, ci_upper, ci_level, p_value, n, n_treated, status, reason
    from {{ ref(job) }}
    {%- endfor %}

)

select
    estimates.job as experiment_id,
    experiments.hypothesis,
    estimates.outcome as metric,
    coalesce(estimates.segment_name, 'all') as segment_name,
    coalesce(estimates.segment_value, 'all') as segment_value,
    estimates.estimand,
    estimates.treatment,
    estimates.comparison,
    estimates.method,
    estimates.scale,
    estimates.estimate,
    estimates.std_error,
    estimates.ci_lower,
    estimates.ci_upper,
    estimates.ci_level,
    estimates.p_value,
    estimates.n,
    estimates.n_treated,
    estimates.status,
    estimates.reason,
    case
        when estimates.status <> 'ok' then 'refused'
        when estimates.ci_lower > 0 then 'up'
        when estimates.ci_upper < 0 then 'down'
        else 'undecided'
    end as verdict,
    estimates.as_of
from estimates
inner join {{ ref('stg_experiments') }} as experiments on estimates.job = experiments.experiment_id
