{{ config(severity='warn') }}

with events as (
    select * from {{ ref('stg_events') }}
    where
        session_id is not null
        and quarantine_reason is null
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
    count(distinct events.user_id) as users,
    count(*) as events,
    count(distinct events.item_in_session) as items
from events
inner join tested_sessions
    on events.session_id = tested_sessions.session_id
group by events.session_id
having
    count(distinct events.user_id) > 1
    or count(distinct events.item_in_session) < count(events.item_in_session)
