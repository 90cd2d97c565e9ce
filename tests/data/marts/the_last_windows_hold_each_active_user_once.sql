with last_day as (
    select
        date,
        wau,
        mau
    from {{ ref('active_users') }} as days
    qualify row_number() over (order by date desc) = 1
),

plays as (
    select
        songplays.user_id,
        last_day.date - cast(songplays.start_time as date) as days_ago
    from {{ ref('songplays') }} as songplays
    cross join last_day
),

listeners as (
    select
        count(distinct case when days_ago < 7 then user_id end) as of_the_week,
        count(distinct case when days_ago < 28 then user_id end) as of_the_month
    from plays
)

select
    last_day.date,
    last_day.wau,
    listeners.of_the_week,
    last_day.mau,
    listeners.of_the_month
from last_day
cross join listeners
where
    last_day.wau <> listeners.of_the_week
    or last_day.mau <> listeners.of_the_month
