{% set in_order -%}
    partition by user_id, date
    order by event_at, session_id, item_in_session, load_id, source_uri, line
{%- endset %}

with events as (
    select * from {{ ref('stg_events') }}
    where
        user_id is not null
        {% if is_incremental() or not execute %}
            and date in ({{ touched_days() }})
        {% endif %}
        and quarantine_reason is null
),

-- By time, then session and item: one session can hold two events of one moment. What
-- is no play may lack either, so file and line make the order total.
compared_events as (
    select
        events.*,
        row_number() over ({{ in_order }}) as ordinal,
        lag(level) over ({{ in_order }}) as level_before,
        lead(level) over ({{ in_order }}) as level_after
    from events
),

numbered_events as (
    select
        compared_events.*,
        sum(case when level = level_before then 0 else 1 end) over (
            partition by user_id, date
            order by ordinal
            rows unbounded preceding
        ) as stretch,
        case when level = level_after then 0 else 1 end as is_last
    from compared_events
),

stg_user_days as (
    select
        user_id,
        date,
        cast(stretch as integer) as stretch,
        level,
        max(case when is_last = 1 then first_name end) as first_name,
        max(case when is_last = 1 then last_name end) as last_name,
        max(case when is_last = 1 then gender end) as gender,
        max(case when is_last = 1 then location end) as location,
        max(case when is_last = 1 then registered_at end) as registered_at,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        min(case when page = 'NextSong' then event_at end) as first_play_at,
        max(case when page = 'NextSong' then event_at end) as last_play_at,
        max(load_id) as load_id
    from numbered_events
    group by user_id, date, stretch, level
)

select * from stg_user_days
