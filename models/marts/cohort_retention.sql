{{ config(sort='cohort_week') }}

with dates as (
    select * from {{ ref('dates') }}
),

songplays as (
    select * from {{ ref('songplays') }}
),

users as (
    select * from {{ ref('users') }}
),

-- A week is known by its Monday, which may lie before the log begins
weeks as (
    select
        date - weekday + 1 as week,
        count(*) as days
    from dates
    group by date - weekday + 1
),

listeners as (
    select
        users.user_id,
        dates.date - dates.weekday + 1 as cohort_week
    from users
    inner join dates
        on cast(users.first_play_at as date) = dates.date
),

cohorts as (
    select
        cohort_week,
        count(*) as listeners
    from listeners
    group by cohort_week
),

active_weeks as (
    select
        songplays.user_id,
        dates.date - dates.weekday + 1 as week
    from songplays
    inner join dates
        on songplays.start_date = dates.date
    group by songplays.user_id, dates.date - dates.weekday + 1
),

active_cohorts as (
    select
        listeners.cohort_week,
        active_weeks.week,
        count(*) as listeners
    from active_weeks
    inner join listeners
        on active_weeks.user_id = listeners.user_id
    group by listeners.cohort_week, active_weeks.week
),

cohort_retention as (
    select
        cohorts.cohort_week,
        weeks.week,
        cast((weeks.week - cohorts.cohort_week) / 7 as integer) as weeks_since,
        cohorts.listeners as cohort_size,
        coalesce(active_cohorts.listeners, 0) as active_listeners,
        cast(coalesce(active_cohorts.listeners, 0) as double precision)
        / cohorts.listeners as retention,
        weeks.days = 7 as is_full_week
    from cohorts
    inner join weeks
        on cohorts.cohort_week <= weeks.week
    left join active_cohorts
        on
            cohorts.cohort_week = active_cohorts.cohort_week
            and weeks.week = active_cohorts.week
)

select * from cohort_retention
