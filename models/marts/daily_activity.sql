{{ config(sort='date') }}

with dates as (
    select * from {{ ref('dates') }}
),

songplays as (
    select * from {{ ref('songplays') }}
),

users as (
    select * from {{ ref('users') }}
),

days_of_plays as (
    select
        start_date as date,
        count(*) as plays,
        count(case when level = 'free' then 1 end) as free_plays,
        count(case when level = 'paid' then 1 end) as paid_plays,
        count(distinct user_id) as listeners,
        count(distinct case when level = 'free' then user_id end) as free_listeners,
        count(distinct case when level = 'paid' then user_id end) as paid_listeners,
        count(distinct session_id) as sessions,
        count(distinct case when level = 'free' then session_id end) as free_sessions,
        count(distinct case when level = 'paid' then session_id end) as paid_sessions,
        sum(duration) / 3600 as hours,
        sum(case when level = 'free' then duration end) / 3600 as free_hours,
        sum(case when level = 'paid' then duration end) / 3600 as paid_hours
    from songplays
    group by start_date
),

days_of_first_plays as (
    select
        cast(first_play_at as date) as date,
        count(*) as new_listeners
    from users
    where first_play_at is not null
    group by cast(first_play_at as date)
),

daily_activity as (
    select
        dates.date,
        coalesce(days_of_plays.plays, 0) as plays,
        coalesce(days_of_plays.free_plays, 0) as free_plays,
        coalesce(days_of_plays.paid_plays, 0) as paid_plays,
        cast(days_of_plays.paid_plays as double precision)
        / days_of_plays.plays as paid_share,
        coalesce(days_of_plays.listeners, 0) as listeners,
        coalesce(days_of_plays.free_listeners, 0) as free_listeners,
        coalesce(days_of_plays.paid_listeners, 0) as paid_listeners,
        coalesce(days_of_first_plays.new_listeners, 0) as new_listeners,
        coalesce(days_of_plays.sessions, 0) as sessions,
        coalesce(days_of_plays.free_sessions, 0) as free_sessions,
        coalesce(days_of_plays.paid_sessions, 0) as paid_sessions,
        coalesce(days_of_plays.hours, 0) as hours,
        coalesce(days_of_plays.free_hours, 0) as free_hours,
        coalesce(days_of_plays.paid_hours, 0) as paid_hours
    from dates
    left join days_of_plays
        on dates.date = days_of_plays.date
    left join days_of_first_plays
        on dates.date = days_of_first_plays.date
)

select * from daily_activity
