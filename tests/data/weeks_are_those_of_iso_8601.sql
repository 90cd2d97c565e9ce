with parts as (
    select
        date,
        is_weekend,
        weekday,
        cast(iso_year as varchar(4))
        || '-' || cast(week as varchar(2))
        || '-' || cast(weekday as varchar(1))
        || ' ' || weekday_name as iso_week
    from {{ ref('calendar') }}
)

select * from parts
where
    is_weekend <> (weekday > 5)
    or iso_week <> case cast(date as varchar(10))
        when '2010-01-03' then '2009-53-7 Sunday'
        when '2018-11-04' then '2018-44-7 Sunday'
        when '2018-11-05' then '2018-45-1 Monday'
        when '2018-12-31' then '2019-1-1 Monday'
        when '2019-01-02' then '2019-1-3 Wednesday'
        when '2020-12-31' then '2020-53-4 Thursday'
        when '2021-01-01' then '2020-53-5 Friday'
        when '2021-01-03' then '2020-53-7 Sunday'
        when '2021-01-04' then '2021-1-1 Monday'
        when '2024-06-22' then '2024-25-6 Saturday'
        when '2025-12-30' then '2026-1-2 Tuesday'
        when '2026-01-01' then '2026-1-4 Thursday'
        when '2099-12-31' then '2099-53-4 Thursday'
    end
