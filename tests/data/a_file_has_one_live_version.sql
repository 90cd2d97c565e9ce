select
    target,
    uri,
    count(*) as live_versions
from {{ source('load', 'load_files') }}
where status in ('loaded', 'gone', 'duplicate')
group by target, uri
having count(*) > 1
