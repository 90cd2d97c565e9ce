{{ config(severity='warn') }}

with quarantined_events as (
    select
        'event' as kind,
        quarantine_reason,
        source_uri,
        line
    from {{ ref('quarantine_events') }}
),

quarantined_songs as (
    select
        'song' as kind,
        quarantine_reason,
        source_uri,
        line
    from {{ ref('quarantine_songs') }}
)

select * from quarantined_events
union all
select * from quarantined_songs
