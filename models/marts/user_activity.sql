with users as (
    select * from {{ ref('users') }}
),

plays as (
    select * from {{ ref('songplays') }}
),

events as (
    select * from {{ ref('stg_events') }}
    where quarantine_reason is null
),

listening as (
    select
        user_id,
        count(*) as plays,
        count(case when level = 'paid' then 1 end) as paid_plays,
        count(distinct session_id) as sessions,
        count(distinct start_date) as active_days,
        sum(duration) / 3600 as hours
    from plays
    group by user_id
),

-- The warehouse's own present: a rebuild next year says the same
last_moment as (
    select max(event_at) as last_event_at
    from events
),

user_activity as (
    select
        users.user_id,
        users.level,
        coalesce(listening.plays, 0) as plays,
        coalesce(listening.paid_plays, 0) as paid_plays,
        coalesce(listening.sessions, 0) as sessions,
        coalesce(listening.active_days, 0) as active_days,
        cast(
            {{ dbt.datediff('users.last_play_at', 'last_moment.last_event_at', 'day') }}
            as integer
        ) as silent_days,
        coalesce(listening.hours, 0) as hours,
        users.first_play_at,
        users.last_play_at
    from users
    cross join last_moment
    left join listening
        on users.user_id = listening.user_id
)

select * from user_activity
