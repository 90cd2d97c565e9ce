-- A log file holds one UTC day and is named for it: `2018-11-30-events.json`. Another
-- date inside means a wrong clock or a wrong name. Files named otherwise say nothing.
{{ config(severity='warn') }}

with events as (
    select
        source_uri,
        line,
        event_at,
        regexp_replace(source_uri, '^.*/', '') as file_name
    from {{ ref('stg_events') }}
    where event_at is not null
)

select
    source_uri,
    line,
    event_at
from events
where
    left(file_name, 10) similar to '[0-9]{4}-[0-9]{2}-[0-9]{2}'
    and file_name = left(file_name, 10) || '-events.json'
    and left(file_name, 10) <> cast(cast(event_at as date) as varchar(10))
