-- Redshift: a view that survives its table, as `--full-refresh` replaces it
{{ config(bind=false) }}

with stg_events as (
    select * from {{ ref('stg_events') }}
),

quarantined_events as (
    select
        source_uri,
        line,
        quarantine_reason,
        session_id,
        item_in_session,
        user_id,
        page,
        level,
        song_title,
        artist_name,
        duration,
        ts,
        event_at,
        load_id
    from stg_events
    where quarantine_reason is not null
)

select * from quarantined_events
