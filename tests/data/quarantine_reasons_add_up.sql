with reasons as (
    select
        left(measure, position('_' in measure) - 1) as things,
        sum(value) as quarantined
    from {{ ref('data_quality') }}
    where measure like '%_quarantined_%'
    group by left(measure, position('_' in measure) - 1)
),

totals as (
    select
        left(measure, position('_' in measure) - 1) as things,
        value as quarantined
    from {{ ref('data_quality') }}
    where measure in ('events_quarantined', 'songs_quarantined')
)

select
    totals.things,
    totals.quarantined,
    reasons.quarantined as quarantined_by_reason
from totals
left join reasons
    on totals.things = reasons.things
where totals.quarantined <> coalesce(reasons.quarantined, 0)
