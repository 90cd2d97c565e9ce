-- The catalogue names a song more than once: stg_songs keeps the newest delivery.
{{ config(severity='warn') }}

select
    song_id,
    count(*) as deliveries
from {{ source('staging', 'staging_songs') }}
where song_id <> ''
group by song_id
having count(*) > 1
