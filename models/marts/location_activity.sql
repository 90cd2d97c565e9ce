with plays as (
    select * from {{ ref('songplays') }}
),

us_states as (
    select * from {{ ref('us_states') }}
),

listening as (
    select
        coalesce(location, 'unknown') as location,
        count(*) as plays,
        count(distinct user_id) as listeners,
        sum(duration) / 3600 as hours
    from plays
    group by coalesce(location, 'unknown')
),

-- Only the end can be states: an area's own name holds `-`, `--` and `, `
areas as (
    select
        *,
        regexp_replace(location, ', [A-Z]{2}(-[A-Z]{2})*$', '') as area
    from listening
),

locations as (
    select
        *,
        nullif(substring(location, length(area) + 3), '') as states
    from areas
),

-- The first state is that of the first-named city
location_activity as (
    select
        locations.location,
        locations.area,
        locations.states,
        left(locations.states, 2) as state,
        us_states.name as state_name,
        us_states.division,
        us_states.region,
        cast(
            length(locations.states) - length(replace(locations.states, '-', '')) + 1
            as integer
        ) as state_count,
        locations.plays,
        locations.listeners,
        locations.hours
    from locations
    left join us_states
        on left(locations.states, 2) = us_states.state
)

select * from location_activity
