{{ config(dist='all', sort='start_time') }}

with plays as (
    select * from {{ ref('stg_events') }}
    where
        page = 'NextSong'
        and quarantine_reason is null
),

moments as (
    select
        event_at as start_time,
        cast(event_at as date) as date
    from plays
    group by event_at
),

-- Day arithmetic only: 1970-01-05 was a Monday, and both engines' own week and weekday
-- functions disagree with each other or with ISO 8601
weekdays as (
    select
        start_time,
        date,
        cast(
            {{ dbt.datediff("cast('1970-01-05' as date)", 'date', 'day') }}
            % 7 + 1
            as integer
        ) as weekday
    from moments
),

-- An ISO week belongs to the year of its Thursday
thursdays as (
    select
        *,
        date + 4 - weekday as thursday
    from weekdays
),

time as (
    select
        start_time,
        date,
        case weekday
            when 1 then 'Monday'
            when 2 then 'Tuesday'
            when 3 then 'Wednesday'
            when 4 then 'Thursday'
            when 5 then 'Friday'
            when 6 then 'Saturday'
            when 7 then 'Sunday'
        end as weekday_name,
        cast(extract(hour from start_time) as integer) as hour,
        cast(extract(day from start_time) as integer) as day,
        cast(1 + floor((extract(doy from thursday) - 1) / 7.0) as integer) as week,
        cast(extract(month from start_time) as integer) as month,
        cast(extract(quarter from start_time) as integer) as quarter,
        cast(extract(year from start_time) as integer) as year,
        cast(extract(year from thursday) as integer) as iso_year,
        weekday,
        weekday >= 6 as is_weekend
    from thursdays
)

select * from time
