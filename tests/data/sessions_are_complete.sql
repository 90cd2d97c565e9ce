-- Items of a session run from 0 without gaps: a gap is an event that never arrived.
{{ config(severity='warn') }}

select
    session_id,
    max(item_in_session) + 1 as events_expected,
    count(*) as events_seen
from {{ ref('stg_events') }}
where
    session_id is not null
    and item_in_session is not null
group by session_id
having max(item_in_session) + 1 <> count(*)
