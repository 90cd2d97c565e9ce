-- A number that has two users, or one item twice, is two visits: `sessions` holds them
-- as one.
{{ config(severity='warn') }}

select
    session_id,
    count(distinct user_id) as users,
    count(*) as events,
    count(distinct item_in_session) as items
from {{ ref('stg_events') }}
where
    session_id is not null
    and quarantine_reason is null
group by session_id
having
    count(distinct user_id) > 1
    or count(distinct item_in_session) < count(item_in_session)
