with users_history as (
    select * from {{ ref('users_history') }}
),

users as (
    select * from {{ ref('users') }}
),

-- What follows a time of paying is a free one, and where that ends they pay again
stays as (
    select
        *,
        lead(valid_to) over (
            partition by user_id
            order by valid_from
        ) as next_valid_to
    from users_history
),

endings as (
    select
        stays.user_id,
        users.first_name,
        users.last_name,
        cast(stays.valid_from as date) as paid_since,
        cast(stays.valid_to as date) as stopped_on,
        cast(stays.valid_to as date) - cast(stays.valid_from as date) as days_paid,
        cast(stays.next_valid_to as date) as paid_again_on,
        stays.valid_to
    from stays
    left join users
        on stays.user_id = users.user_id
    where
        stays.level = 'paid'
        and stays.valid_to is not null
)

select
    user_id,
    first_name,
    last_name,
    paid_since,
    stopped_on,
    days_paid,
    paid_again_on
from endings
order by valid_to desc, user_id asc
limit 20
