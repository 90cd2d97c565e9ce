select
    load_id,
    target,
    uri,
    rows_in_file,
    rows_staged,
    rows_rejected
from {{ source('load', 'load_files') }}
where
    rows_in_file is not null
    and rows_in_file <> coalesce(rows_staged, 0) + coalesce(rows_rejected, 0)
