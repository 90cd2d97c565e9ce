{{ config(sort='changed_at') }}

{# As in stg_user_days: what is no play may lack session and item #}
{% set in_order -%}
    partition by user_id
    order by event_at, session_id, item_in_session, load_id, source_uri, line
{%- endset %}

with users_history as (
    select * from {{ ref('users_history') }}
),

events as (
    select * from {{ ref('stg_events') }}
    where
        user_id is not null
        and quarantine_reason is null
),

periods as (
    select
        user_id,
        level,
        valid_from,
        lag(level) over (partition by user_id order by valid_from) as level_before,
        lag(valid_from) over (partition by user_id order by valid_from)
            as valid_from_before
    from users_history
),

changers as (
    select user_id
    from periods
    where level_before is not null
    group by user_id
),

-- Most users never change: theirs need not be put in order
events_of_changers as (
    select events.*
    from events
    inner join changers
        on events.user_id = changers.user_id
),

-- A submit still carries the old level; the event after it shows the new one
successive_events as (
    select
        user_id,
        session_id,
        level,
        event_at,
        row_number() over ({{ in_order }}) as ordinal,
        lag(page) over ({{ in_order }}) as page_before,
        max(case when page in ('Submit Upgrade', 'Submit Downgrade') then event_at end)
            over ({{ in_order }} rows between unbounded preceding and 1 preceding)
            as last_submit_at
    from events_of_changers
),

-- The event that a period begins with, the first where a moment has several; a submit
-- before the period before has led to that one
changes as (
    select
        periods.user_id,
        successive_events.session_id,
        periods.level_before as from_level,
        periods.level as to_level,
        successive_events.page_before,
        case
            when successive_events.last_submit_at >= periods.valid_from_before
                then successive_events.last_submit_at
        end as submitted_at,
        periods.valid_from as changed_at
    from periods
    left join successive_events
        on
            periods.user_id = successive_events.user_id
            and periods.valid_from = successive_events.event_at
            and periods.level = successive_events.level
    where periods.level_before is not null
    qualify
        row_number() over (
            partition by periods.user_id, periods.valid_from
            order by successive_events.ordinal
        ) = 1
),

level_changes as (
    select
        user_id,
        session_id,
        from_level,
        to_level,
        page_before,
        cast(
            {{ dbt.datediff('submitted_at', 'changed_at', 'millisecond') }}
            as double precision
        ) / 1000 as seconds_since_submit,
        submitted_at,
        changed_at
    from changes
)

select * from level_changes
