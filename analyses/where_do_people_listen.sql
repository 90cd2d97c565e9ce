with songplays as (
    select * from {{ ref('songplays') }}
),

location_activity as (
    select * from {{ ref('location_activity') }}
),

-- By way of the plays, so that who listens in two places of a state counts once
states as (
    select
        location_activity.region,
        location_activity.state_name as state,
        count(*) as plays,
        count(distinct songplays.user_id) as listeners,
        sum(songplays.duration) / 3600 as hours
    from songplays
    inner join location_activity
        on coalesce(songplays.location, 'unknown') = location_activity.location
    group by location_activity.region, location_activity.state_name
),

top_states as (
    select
        coalesce(state, 'unknown') as state,
        region,
        plays,
        cast(
            100 * cast(plays as double precision) / sum(plays) over ()
            as decimal(5, 1)
        ) as percent_of_plays,
        listeners,
        cast(hours as decimal(12, 1)) as hours
    from states
)

select * from top_states
order by plays desc, state asc
limit 15
