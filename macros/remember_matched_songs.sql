{#
    What songplays was matched with, in place of what it was matched with before.
    render(): with --empty dbt would put a subquery in the table's place.
#}
{% macro remember_matched_songs() %}
    delete from {{ ref('matched_songs').render() }};

    insert into {{ ref('matched_songs').render() }}
    select
        song_id,
        artist_id,
        title_key,
        artist_key,
        duration,
        load_id
    from {{ ref('stg_songs') }}
    where quarantine_reason is null
{% endmacro %}
