{{ config(enabled=loader_fills_raw_schema()) }}

with events as (
    select * from {{ ref('stg_events') }}
    {% if not tests_are_full() %}
        where date in ({{ tested_days() }})
    {% endif %}
),

load_files as (
    select * from {{ source('load', 'load_files') }}
    where
        target = 'staging_events'
        and superseded_by is null
)

select
    events.source_uri,
    events.load_id,
    count(*) as events
from events
left join load_files
    on
        events.source_uri = load_files.uri
        and events.load_id = load_files.load_id
where load_files.uri is null
group by events.source_uri, events.load_id
