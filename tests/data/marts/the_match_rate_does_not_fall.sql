{{ config(severity='warn') }}

with plays as (
    select
        *,
        max(event_load_id) over () as last_load_id
    from {{ ref('songplays') }}
),

match_rates as (
    select
        cast(count(song_id) as double precision) / count(*) as rate,
        cast(
            count(case when event_load_id < last_load_id then song_id end)
            as double precision
        )
        / nullif(count(case when event_load_id < last_load_id then 1 end), 0)
            as rate_before
    from plays
    having count(*) > 0
)

select * from match_rates
where rate < rate_before - 0.02
