select
    level,
    count(distinct user_id) as listeners,
    count(distinct session_id) as sessions,
    count(*) as plays,
    sum(duration) / 3600 as hours
from songplays
group by level
order by level
