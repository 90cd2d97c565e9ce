-- A clock ran ahead, or the time zone is wrong
{{ config(severity='warn') }}

with event_files as (
    select * from {{ ref('event_files') }}
    where date > current_date + 1
),

load_files as (
    select * from {{ source('load', 'load_files') }}
    where
        target = 'staging_events'
        and superseded_by is null
)

select
    event_files.source_uri,
    event_files.date,
    event_files.events
from event_files
inner join load_files
    on
        event_files.source_uri = load_files.uri
        and event_files.load_id = load_files.load_id
