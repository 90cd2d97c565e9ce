with digits as (
    {{ numbered_rows('digit', 0, 9) }}
),

numbers as (
    select
        ones.digit
        + 10 * tens.digit
        + 100 * hundreds.digit
        + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands
),

-- Day arithmetic only: 2010-01-01 was a Friday, and both engines' own week and weekday
-- functions disagree with each other or with ISO 8601
days as (
    select
        cast('2010-01-01' as date) + number as date,
        (number + 4) % 7 + 1 as weekday
    from numbers
    where cast('2010-01-01' as date) + number <= cast('2099-12-31' as date)
),

-- An ISO week belongs to the year of its Thursday
thursdays as (
    select
        *,
        date + 4 - weekday as thursday
    from days
),

calendar as (
    select
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
        cast(extract(day from date) as integer) as day,
        cast(1 + floor((extract(doy from thursday) - 1) / 7.0) as integer) as week,
        cast(extract(month from date) as integer) as month,
        cast(extract(quarter from date) as integer) as quarter,
        cast(extract(year from date) as integer) as year,
        cast(extract(year from thursday) as integer) as iso_year,
        weekday,
        weekday >= 6 as is_weekend
    from thursdays
)

select * from calendar
