with dates as (
    select * from {{ ref('dates') }}
),

songplays as (
    select * from {{ ref('songplays') }}
),

-- From dates to plays: a day on which nobody listened has a row of zeros
days as (
    select
        dates.date,
        dates.weekday_name as weekday,
        count(songplays.songplay_id) as plays,
        count(case when songplays.level = 'paid' then 1 end) as paid_plays,
        count(distinct songplays.user_id) as listeners,
        count(distinct case when songplays.level = 'paid' then songplays.user_id end)
            as paid_listeners,
        cast(coalesce(sum(songplays.duration), 0) / 3600 as decimal(12, 1)) as hours
    from dates
    left join songplays
        on dates.date = songplays.start_date
    group by dates.date, dates.weekday_name
)

select * from days
order by date desc
limit 14
