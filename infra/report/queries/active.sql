select
    date,
    dau,
    wau,
    mau,
    stickiness,
    is_full_week,
    is_full_month
from active_users
order by date desc
limit 121
