{{ config(severity='warn') }}

with events as (
    select * from {{ ref('stg_events') }}
    where
        session_id is not null
        and item_in_session is not null
        and (quarantine_reason <> 'conflicting_duplicate' or quarantine_reason is null)
),

tested_sessions as (
    select session_id
    from events
    {% if not tests_are_full() %}
        where date in ({{ tested_days() }})
    {% endif %}
    group by session_id
)

select
    events.session_id,
    max(events.item_in_session) + 1 as events_expected,
    count(*) as events_seen
from events
inner join tested_sessions
    on events.session_id = tested_sessions.session_id
group by events.session_id
having max(events.item_in_session) + 1 <> count(*)
