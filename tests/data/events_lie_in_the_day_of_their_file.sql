{{ config(severity='warn') }}

with event_files as (
    {{ versions_that_count() }}
),

named_files as (
    select
        *,
        regexp_replace(source_uri, '^.*/', '') as file_name
    from event_files
    where date > cast('1970-01-01' as date)
)

select
    source_uri,
    date,
    events
from named_files
where
    left(file_name, 10) similar to '[0-9]{4}-[0-9]{2}-[0-9]{2}'
    and file_name = left(file_name, 10) || '-events.json'
    and left(file_name, 10) <> cast(date as varchar(10))
