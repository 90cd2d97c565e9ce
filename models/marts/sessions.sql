{{ config(sort='first_event_at') }}

{# Total, or two builds could differ: what is no play may lack its item #}
{% set in_order -%}
    partition by session_id
    order by event_at, item_in_session, load_id, source_uri, line
{%- endset %}

with level_changes as (
    select * from {{ ref('level_changes') }}
),

changed_sessions as (
    select
        session_id,
        count(*) as level_changes
    from level_changes
    group by session_id
),

{% if is_incremental() or not execute %}
    -- Those that have events of touched days, those that had, and those whose user's
    -- history is another now, by events of other sessions
    sessions_to_build as (
        select session_id from {{ ref('stg_events') }}
        where date in ({{ touched_days() }})
        union
        select session_id from ({{ sessions_of_touched_days() }}) as built_sessions
        union
        select built_sessions.session_id
        from {{ this }} as built_sessions
        left join changed_sessions
            on built_sessions.session_id = changed_sessions.session_id
        where
            built_sessions.level_changes <> coalesce(changed_sessions.level_changes, 0)
    ),
{% endif %}

events as (
    select * from {{ ref('stg_events') }}
    where
        session_id is not null
        {% if is_incremental() or not execute %}
            and session_id in (select sessions_to_build.session_id from sessions_to_build)
        {% endif %}
        and quarantine_reason is null
),

logged_in_events as (
    select
        *,
        lag(event_at) over ({{ in_order }}) is null as is_first,
        lead(event_at) over ({{ in_order }}) is null as is_last
    from events
    where user_id is not null
),

visitors as (
    select
        session_id,
        max(case when is_last then user_id end) as user_id,
        max(case when is_first then level end) as level_at_start,
        max(case when is_last then level end) as level_at_end,
        max(case when is_last then location end) as location,
        max(case when is_last then user_agent end) as user_agent
    from logged_in_events
    group by session_id
),

timed_events as (
    select
        session_id,
        event_at,
        load_id,
        case when page = 'NextSong' then duration end as seconds_played,
        cast(ts - min(ts) over (partition by session_id) as double precision)
        / 1000 as seconds_since_start
    from events
),

visits as (
    select
        session_id,
        count(*) as events,
        count(seconds_played) as plays,
        coalesce(sum(seconds_played), 0) / 60 as minutes_listened,
        max(seconds_since_start + coalesce(seconds_played, 0)) / 60
            as minutes_wall_clock,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        max(load_id) as load_id
    from timed_events
    group by session_id
),

sessions as (
    select
        visits.session_id,
        visitors.user_id,
        visitors.level_at_start,
        visitors.level_at_end,
        visitors.location,
        visitors.user_agent,
        visits.events,
        visits.plays,
        coalesce(changed_sessions.level_changes, 0) as level_changes,
        visits.minutes_listened,
        visits.minutes_wall_clock,
        cast(visits.first_event_at as date) < cast(visits.last_event_at as date)
            as crosses_midnight,
        visits.first_event_at,
        visits.last_event_at,
        visits.load_id
    from visits
    left join visitors
        on visits.session_id = visitors.session_id
    left join changed_sessions
        on visits.session_id = changed_sessions.session_id
)

select * from sessions
