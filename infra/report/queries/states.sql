select
    coalesce(state_name, state, 'unknown') as state,
    sum(plays) as plays,
    sum(hours) as hours,
    count(*) as locations
from location_activity
group by coalesce(state_name, state, 'unknown')
order by plays desc, state asc
