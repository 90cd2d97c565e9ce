{{ config(dist='all', sort='user_id') }}

with user_days as (
    select * from {{ ref('stg_user_days') }}
),

listening as (
    select
        user_id,
        max(date) as last_date,
        min(first_play_at) as first_play_at,
        max(last_play_at) as last_play_at
    from user_days
    group by user_id
),

last_days as (
    select user_days.*
    from user_days
    inner join listening
        on
            user_days.user_id = listening.user_id
            and user_days.date = listening.last_date
),

latest_attributes as (
    select *
    from last_days as attributes
    qualify
        row_number() over (
            partition by user_id
            order by stretch desc
        ) = 1
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
