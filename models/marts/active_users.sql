{{ config(sort='date') }}

with dates as (
    select * from {{ ref('dates') }}
),

songplays as (
    select * from {{ ref('songplays') }}
),

active_days as (
    select
        user_id,
        start_date as date
    from songplays
    group by user_id, start_date
),

-- A user counts in a window from an active day until the next one takes over, or until
-- the window has passed it. So no user counts twice, and no day is joined with others.
spans as (
    select
        date as from_date,
        lead(date) over (partition by user_id order by date) as next_date
    from active_days
),

arrivals as (
    select
        from_date as date,
        count(*) as users
    from spans
    group by from_date
),

week_departures as (
    select
        case when next_date < from_date + 7 then next_date else from_date + 7 end
            as date,
        count(*) as users
    from spans
    group by case when next_date < from_date + 7 then next_date else from_date + 7 end
),

month_departures as (
    select
        case when next_date < from_date + 28 then next_date else from_date + 28 end
            as date,
        count(*) as users
    from spans
    group by
        case when next_date < from_date + 28 then next_date else from_date + 28 end
),

counted_days as (
    select
        dates.date,
        coalesce(arrivals.users, 0) as dau,
        sum(coalesce(arrivals.users, 0) - coalesce(week_departures.users, 0)) over (
            order by dates.date rows unbounded preceding
        ) as wau,
        sum(coalesce(arrivals.users, 0) - coalesce(month_departures.users, 0)) over (
            order by dates.date rows unbounded preceding
        ) as mau,
        min(dates.date) over () as first_date
    from dates
    left join arrivals
        on dates.date = arrivals.date
    left join week_departures
        on dates.date = week_departures.date
    left join month_departures
        on dates.date = month_departures.date
),

active_users as (
    select
        date,
        cast(dau as bigint) as dau,
        cast(wau as bigint) as wau,
        cast(mau as bigint) as mau,
        cast(dau as double precision) / nullif(mau, 0) as stickiness,
        date >= first_date + 6 as is_full_week,
        date >= first_date + 27 as is_full_month
    from counted_days
)

select * from active_users
