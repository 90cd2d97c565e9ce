{#
    Versions of log files whose rows are in the raw table: event_files keeps all. Where no
    ledger knows them, event_files is made anew in each build and has no others.
#}
{% macro versions_that_count() -%}
    select
        event_files.source_uri,
        event_files.date,
        event_files.events
    from {{ ref('event_files') }} as event_files
    {% if loader_fills_raw_schema() %}
        inner join {{ source('load', 'load_files') }} as load_files
            on
                event_files.source_uri = load_files.uri
                and event_files.load_id = load_files.load_id
        where
            load_files.target = 'staging_events'
            and load_files.superseded_by is null
    {% endif %}
{%- endmacro %}
