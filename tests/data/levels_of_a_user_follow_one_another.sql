with users_history as (
    select
        *,
        lead(valid_from) over (
            partition by user_id
            order by valid_from
        ) as next_valid_from,
        lead(level) over (
            partition by user_id
            order by valid_from
        ) as next_level
    from {{ ref('users_history') }}
),

users as (
    select * from {{ ref('users') }}
)

select
    users.user_id,
    users.level as level_now,
    users_history.level,
    users_history.is_current,
    users_history.valid_from,
    users_history.valid_to,
    users_history.next_valid_from
from users
left join users_history
    on users.user_id = users_history.user_id
where
    users_history.user_id is null
    or users_history.valid_from >= users_history.valid_to
    or users_history.level = users_history.next_level
    or users_history.is_current <> (users_history.valid_to is null)
    or coalesce(users_history.valid_to, users_history.valid_from)
    <> coalesce(users_history.next_valid_from, users_history.valid_from)
    or (users_history.is_current and users_history.level <> users.level)
