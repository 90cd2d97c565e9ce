with staging_events as (
    select
        _source_uri as source_uri,
        {{ event_day('ts') }} as date,
        _load_id as load_id
    from {{ source('staging', 'staging_events') }}
    {% if is_incremental() or not execute %}
        where
            _load_id > (
                select coalesce(max(known_files.load_id), 0)
                from {{ this }} as known_files
            )
    {% endif %}
),

builds as (
    {% if is_incremental() or not execute %}
        select coalesce(max(build), 0) + 1 as build
        from {{ this }}
    {% else %}
        select 1 as build
    {% endif %}
),

event_files as (
    select
        staging_events.source_uri,
        staging_events.date,
        count(*) as events,
        builds.build,
        staging_events.load_id
    from staging_events
    cross join builds
    group by
        staging_events.source_uri,
        staging_events.date,
        builds.build,
        staging_events.load_id
)

select * from event_files
