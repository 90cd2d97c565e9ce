{{ config(dist='all', sort='user_id') }}

with events as (
    select * from {{ ref('stg_events') }}
    where
        user_id is not null
        and quarantine_reason is null
),

-- Latest by time, then session and item: one session can hold two events of one moment
latest_attributes as (
    select *
    from events as attributes
    qualify
        row_number() over (
            partition by user_id
            order by event_at desc, session_id desc, item_in_session desc
        ) = 1
),

listening as (
    select
        user_id,
        min(event_at) as first_play_at,
        max(event_at) as last_play_at
    from events
    where page = 'NextSong'
    group by user_id
),

users as (
    select
        latest_attributes.user_id,
        latest_attributes.first_name,
        latest_attributes.last_name,
        latest_attributes.gender,
        latest_attributes.level,
        latest_attributes.location,
        latest_attributes.registered_at,
        listening.first_play_at,
        listening.last_play_at
    from latest_attributes
    left join listening
        on latest_attributes.user_id = listening.user_id
)

select * from users
