-- A log file holds one UTC day and is named for it: `2018-11-30-events.json`. Another
-- date inside means a wrong clock or a wrong name. Files named otherwise say nothing.
{{ config(severity='warn') }}

with event_files as (
    select
        *,
        regexp_replace(source_uri, '^.*/', '') as file_name
    from {{ ref('event_files') }}
    where date > cast('1970-01-01' as date)
),

{% if loader_fills_raw_schema() %}
    versions_that_count as (
        select
            uri as source_uri,
            load_id
        from {{ source('load', 'load_files') }}
        where
            target = 'staging_events'
            and superseded_by is null
    )
{% else %}
    versions_that_count as (
        select distinct
            source_uri,
            load_id
        from event_files
    )
{% endif %}

select
    event_files.source_uri,
    event_files.date,
    event_files.events
from event_files
inner join versions_that_count
    on
        event_files.source_uri = versions_that_count.source_uri
        and event_files.load_id = versions_that_count.load_id
where
    left(event_files.file_name, 10) similar to '[0-9]{4}-[0-9]{2}-[0-9]{2}'
    and event_files.file_name = left(event_files.file_name, 10) || '-events.json'
    and left(event_files.file_name, 10) <> cast(event_files.date as varchar(10))
