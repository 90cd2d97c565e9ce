select
    date,
    plays,
    free_plays,
    paid_plays,
    listeners,
    free_listeners,
    paid_listeners
from daily_activity
order by date desc
limit 121
