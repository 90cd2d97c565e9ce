with songplays as (
    select * from {{ ref('songplays') }}
),

moments as (
    select * from {{ ref('time') }}
),

hours as (
    select
        moments.hour,
        count(*) as plays,
        count(distinct songplays.user_id) as listeners,
        count(case when not moments.is_weekend then 1 end) as working_day_plays,
        count(case when moments.is_weekend then 1 end) as weekend_plays
    from songplays
    inner join moments
        on songplays.start_time = moments.start_time
    group by moments.hour
),

peak_hours as (
    select
        hour,
        plays,
        cast(
            100 * cast(plays as double precision) / sum(plays) over ()
            as decimal(5, 1)
        ) as percent_of_plays,
        listeners,
        working_day_plays,
        weekend_plays
    from hours
)

select * from peak_hours
order by plays desc, hour asc
limit 10
