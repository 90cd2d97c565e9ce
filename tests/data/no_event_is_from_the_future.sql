-- A clock ran ahead, or the time zone is wrong
{{ config(severity='warn') }}

with event_files as (
    select * from {{ ref('event_files') }}
    where date > current_date + 1
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
