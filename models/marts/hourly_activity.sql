with dates as (
    select * from {{ ref('dates') }}
),

songplays as (
    select * from {{ ref('songplays') }}
),

events as (
    select * from {{ ref('stg_events') }}
    where quarantine_reason is null
),

-- All seven, also when the log is shorter than a week
weekdays as (
    {{ numbered_rows('weekday', 1, 7) }}
),

hours_of_day as (
    {{ numbered_rows('hour', 0, 23) }}
),

log_bounds as (
    select
        cast(min(event_at) as date) as first_date,
        cast(max(event_at) as date) as last_date,
        extract(hour from min(event_at)) as first_hour,
        extract(hour from max(event_at)) as last_hour
    from events
),

-- The log begins and ends in the middle of a day
logged_hours as (
    select
        dates.weekday,
        hours_of_day.hour,
        count(*) as calendar_hours
    from dates
    cross join hours_of_day
    cross join log_bounds
    where
        (
            dates.date > log_bounds.first_date
            or hours_of_day.hour >= log_bounds.first_hour
        )
        and (
            dates.date < log_bounds.last_date
            or hours_of_day.hour <= log_bounds.last_hour
        )
    group by dates.weekday, hours_of_day.hour
),

hours_of_plays as (
    select
        dates.weekday,
        cast(extract(hour from songplays.start_time) as integer) as hour,
        count(*) as plays,
        count(distinct songplays.user_id) as listeners,
        count(distinct songplays.session_id) as sessions,
        sum(songplays.duration) / 3600 as hours
    from songplays
    left join dates
        on songplays.start_date = dates.date
    group by
        dates.weekday,
        cast(extract(hour from songplays.start_time) as integer)
),

hourly_activity as (
    select
        weekdays.weekday,
        hours_of_day.hour,
        case weekdays.weekday
            when 1 then 'Monday'
            when 2 then 'Tuesday'
            when 3 then 'Wednesday'
            when 4 then 'Thursday'
            when 5 then 'Friday'
            when 6 then 'Saturday'
            when 7 then 'Sunday'
        end as weekday_name,
        coalesce(logged_hours.calendar_hours, 0) as calendar_hours,
        coalesce(hours_of_plays.plays, 0) as plays,
        cast(coalesce(hours_of_plays.plays, 0) as double precision)
        / logged_hours.calendar_hours as plays_per_hour,
        coalesce(hours_of_plays.listeners, 0) as listeners,
        coalesce(hours_of_plays.sessions, 0) as sessions,
        coalesce(hours_of_plays.hours, 0) as hours
    from weekdays
    cross join hours_of_day
    left join logged_hours
        on
            weekdays.weekday = logged_hours.weekday
            and hours_of_day.hour = logged_hours.hour
    left join hours_of_plays
        on
            weekdays.weekday = hours_of_plays.weekday
            and hours_of_day.hour = hours_of_plays.hour
)

select * from hourly_activity
