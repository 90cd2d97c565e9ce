with plays as (
    select * from {{ ref('songplays') }}
),

user_agents as (
    select * from {{ ref('user_agents') }}
),

device_plays as (
    select
        plays.user_id,
        plays.duration,
        coalesce(user_agents.device_class, 'unknown') as device_class,
        coalesce(user_agents.os, 'unknown') as os,
        coalesce(user_agents.browser, 'unknown') as browser
    from plays
    left join user_agents
        on plays.user_agent = user_agents.user_agent
),

device_activity as (
    select
        device_class,
        os,
        browser,
        count(*) as plays,
        count(distinct user_id) as listeners,
        sum(duration) / 3600 as hours
    from device_plays
    group by device_class, os, browser
)

select * from device_activity
