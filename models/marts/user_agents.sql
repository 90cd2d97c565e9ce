with plays as (
    select * from {{ ref('songplays') }}
),

rules as (
    select
        part,
        priority,
        pattern,
        name,
        nullif(version, '') as version,
        nullif(version_after, '') as version_after
    from {{ ref('user_agent_rules') }}
),

agents as (
    select user_agent
    from plays
    where user_agent is not null
    group by user_agent
),

-- Of the rules for a part the first that fits: Chrome says it is Safari, too
fitting_rules as (
    select
        agents.user_agent,
        rules.part,
        rules.name,
        rules.version,
        rules.version_after
    from agents
    inner join rules
        on agents.user_agent like rules.pattern
    qualify
        row_number() over (
            partition by agents.user_agent, rules.part
            order by rules.priority
        ) = 1
),

-- `10_9_4` and `36.0.1985.143` end where something else than a number begins
versions as (
    select
        user_agent,
        part,
        name,
        coalesce(
            version,
            case
                when position(version_after in user_agent) > 0
                    then replace(
                        regexp_replace(
                            ltrim(
                                substring(
                                    user_agent,
                                    position(version_after in user_agent)
                                    + length(version_after)
                                )
                            ),
                            '[^0-9._].*',
                            ''
                        ),
                        '_',
                        '.'
                    )
            end
        ) as version
    from fitting_rules
),

parts as (
    select
        user_agent,
        max(case when part = 'device_class' then name end) as device_class,
        max(case when part = 'os' then name end) as os,
        max(case when part = 'os' then version end) as os_version,
        max(case when part = 'browser' then name end) as browser,
        max(case when part = 'browser' then split_part(version, '.', 1) end)
            as browser_version
    from versions
    group by user_agent
),

-- A header is whatever its sender likes: no version may be too long for its column
user_agents as (
    select
        agents.user_agent,
        coalesce(parts.device_class, 'other') as device_class,
        coalesce(parts.os, 'other') as os,
        nullif(
            left(
                rtrim(
                    split_part(parts.os_version, '.', 1)
                    || '.' || split_part(parts.os_version, '.', 2),
                    '.'
                ),
                16
            ),
            ''
        ) as os_version,
        coalesce(parts.browser, 'other') as browser,
        case
            when parts.browser_version similar to '[0-9]{1,6}'
                then cast(parts.browser_version as integer)
        end as browser_version
    from agents
    left join parts
        on agents.user_agent = parts.user_agent
)

select * from user_agents
