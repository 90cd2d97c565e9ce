{{ config(enabled=loader_fills_raw_schema()) }}

with staging_rows as (
    select
        'staging_events' as target,
        _source_uri as uri,
        _load_id as load_id
    from {{ source('staging', 'staging_events') }}
    union all
    select
        'staging_songs' as target,
        _source_uri as uri,
        _load_id as load_id
    from {{ source('staging', 'staging_songs') }}
),

staged_files as (
    select
        target,
        uri,
        load_id,
        count(*) as rows_there
    from staging_rows
    group by target, uri, load_id
),

live_files as (
    select
        target,
        uri,
        load_id,
        sum(rows_staged) as rows_counted
    from {{ source('load', 'load_files') }}
    where status in ('loaded', 'gone', 'duplicate')
    group by target, uri, load_id
)

select
    coalesce(staged_files.target, live_files.target) as target,
    coalesce(staged_files.uri, live_files.uri) as uri,
    coalesce(staged_files.load_id, live_files.load_id) as load_id,
    staged_files.rows_there,
    live_files.rows_counted
from staged_files
full join live_files
    on
        staged_files.target = live_files.target
        and staged_files.uri = live_files.uri
        and staged_files.load_id = live_files.load_id
where coalesce(staged_files.rows_there, 0) <> coalesce(live_files.rows_counted, 0)
