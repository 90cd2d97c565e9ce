{{ config(dist='all', sort='date') }}

with events as (
    select * from {{ ref('stg_events') }}
    where quarantine_reason is null
),

calendar as (
    select * from {{ ref('calendar') }}
),

spans as (
    select
        min(date) as first_date,
        max(date) as last_date
    from events
),

dates as (
    select
        calendar.date,
        calendar.weekday_name,
        calendar.day,
        calendar.week,
        calendar.month,
        calendar.quarter,
        calendar.year,
        calendar.iso_year,
        calendar.weekday,
        calendar.is_weekend
    from calendar
    inner join spans
        on calendar.date between spans.first_date and spans.last_date
)

select * from dates
