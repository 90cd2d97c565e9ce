with rejected_rows as (
    select
        load_id,
        target,
        uri,
        count(*) as rejects
    from {{ source('load', 'load_rejects') }}
    where line is not null
    group by load_id, target, uri
)

select
    load_files.load_id,
    load_files.target,
    load_files.uri,
    load_files.rows_rejected,
    rejected_rows.rejects
from {{ source('load', 'load_files') }} as load_files
left join rejected_rows
    on
        load_files.load_id = rejected_rows.load_id
        and load_files.target = rejected_rows.target
        and load_files.uri = rejected_rows.uri
where coalesce(load_files.rows_rejected, 0) <> coalesce(rejected_rows.rejects, 0)
