{{ config(severity='warn') }}

with event_files as (
    {{ versions_that_count() }}
)

select * from event_files
where date > current_date + 1
