-- A model goes on after the newest load that it has rows of. Where the ledger was made
-- anew and counts from 1 again, it would wait for ever: `dbt build --full-refresh`.
with newest_loads as (
    select
        'event_files' as model,
        max(load_id) as load_id
    from {{ ref('event_files') }}
    union all
    select
        'stg_events' as model,
        max(load_id) as load_id
    from {{ ref('stg_events') }}
    union all
    select
        'stg_user_days' as model,
        max(load_id) as load_id
    from {{ ref('stg_user_days') }}
    union all
    select
        'time' as model,
        max(load_id) as load_id
    from {{ ref('time') }}
    union all
    select
        'songplays' as model,
        max(event_load_id) as load_id
    from {{ ref('songplays') }}
),

ledger as (
    select max(load_id) as load_id
    from {{ source('load', 'load_runs') }}
)

select
    newest_loads.model,
    newest_loads.load_id
from newest_loads
cross join ledger
where newest_loads.load_id > ledger.load_id
