select
    cohort_week,
    weeks_since,
    cohort_size,
    active_listeners,
    retention,
    is_full_week
from cohort_retention
where
    weeks_since <= 8
    and cohort_week >= (
        select min(latest.cohort_week)
        from (
            select cohort_retention.cohort_week
            from cohort_retention
            where cohort_retention.weeks_since = 0
            order by cohort_retention.cohort_week desc
            limit 13
        ) as latest
    )
order by cohort_week, weeks_since
