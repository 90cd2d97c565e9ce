{{ config(enabled=loader_fills_raw_schema()) }}

with staged_rows as (
    select
        'staging_events' as target,
        count(*) as rows_there
    from {{ source('staging', 'staging_events') }}
    union all
    select
        'staging_songs' as target,
        count(*) as rows_there
    from {{ source('staging', 'staging_songs') }}
),

counted_rows as (
    select
        target,
        sum(rows_staged) as rows_counted
    from {{ source('load', 'load_files') }}
    where status in ('loaded', 'gone')
    group by target
)

select
    coalesce(staged_rows.target, counted_rows.target) as target,
    staged_rows.rows_there,
    counted_rows.rows_counted
from staged_rows
full join counted_rows
    on staged_rows.target = counted_rows.target
where coalesce(staged_rows.rows_there, 0) <> coalesce(counted_rows.rows_counted, 0)
