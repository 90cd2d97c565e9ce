with user_activity as (
    select * from {{ ref('user_activity') }}
),

users as (
    select * from {{ ref('users') }}
),

silent_listeners as (
    select
        user_activity.user_id,
        users.first_name,
        users.last_name,
        user_activity.level,
        user_activity.plays,
        cast(user_activity.last_play_at as date) as last_play,
        user_activity.silent_days
    from user_activity
    left join users
        on user_activity.user_id = users.user_id
    where user_activity.silent_days >= 14
)

select * from silent_listeners
order by plays desc, user_id asc
limit 20
