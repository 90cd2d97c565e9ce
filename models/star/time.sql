{{ config(dist='all', sort='start_time') }}

with plays as (
    select * from {{ ref('stg_events') }}
    where
        page = 'NextSong'
        {% if is_incremental() or not execute %}
            and date in ({{ touched_days() }})
        {% endif %}
        and quarantine_reason is null
),

calendar as (
    select * from {{ ref('calendar') }}
),

moments as (
    select
        event_at as start_time,
        date,
        max(load_id) as load_id
    from plays
    group by event_at, date
),

time as (
    select
        moments.start_time,
        moments.date,
        calendar.weekday_name,
        cast(extract(hour from moments.start_time) as integer) as hour,
        calendar.day,
        calendar.week,
        calendar.month,
        calendar.quarter,
        calendar.year,
        calendar.iso_year,
        calendar.weekday,
        calendar.is_weekend,
        moments.load_id
    from moments
    left join calendar
        on moments.date = calendar.date
)

select * from time
