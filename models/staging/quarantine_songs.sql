-- Redshift: a view that survives its table, as `--full-refresh` replaces it
{{ config(bind=false) }}

with stg_songs as (
    select * from {{ ref('stg_songs') }}
),

quarantined_songs as (
    select
        source_uri,
        line,
        quarantine_reason,
        song_id,
        artist_id,
        title,
        artist_name,
        duration,
        load_id
    from stg_songs
    where quarantine_reason is not null
)

select * from quarantined_songs
